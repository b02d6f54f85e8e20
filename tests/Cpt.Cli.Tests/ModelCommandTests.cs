using System.Text.Json;
using Cpt.Cli.Commands;
using Cpt.Models;

namespace Cpt.Cli.Tests;

public sealed class ModelCommandTests
{
    private static readonly string s_golden = Path.Combine(Repository.Root, "tests", "data", "golden");

    [Fact]
    public void VerifyPrintsEveryDifferenceAndPassesWithinTheTolerance()
    {
        var (code, output, _) = Run("verify", "--model", In("qwen2"), "--reference", In("qwen2/cases.safetensors"), "-o", "json");
        Assert.Equal(0, code);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.True(json.GetProperty("passed").GetBoolean());
        Assert.Empty(json.GetProperty("notComputable").EnumerateArray());
        var logits = json.GetProperty("tensors").EnumerateArray().Single(tensor => tensor.GetProperty("name").GetString() == "logits");
        Assert.InRange(logits.GetProperty("maxAbsolute").GetDouble(), 0, 2e-5);
        Assert.Equal([3, 19, 320], logits.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32()));
    }

    [Fact]
    public void VerifyOfAModelWithImagesComparesEveryCaseAndPicture()
    {
        var (code, output, _) = Run("verify", "--model", In("qwen2_5_vl"), "--reference", In("qwen2_5_vl/cases.safetensors"), "-o", "json");
        Assert.Equal(0, code);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.Empty(json.GetProperty("notComputable").EnumerateArray());
        var tolerances = json.GetProperty("tensors").EnumerateArray().ToDictionary(tensor => tensor.GetProperty("name").GetString()!, tensor => tensor.GetProperty("tolerance").GetDouble(), StringComparer.Ordinal);
        Assert.Equal((2e-5, 0, 2e-5, 0.02), (tolerances["batch.logits"], tolerances["batch.position_ids"], tolerances["two_images.image_features"], tolerances["pixel_values.photo.jpg"]));
    }

    [Fact]
    public void AReferenceWithAWrongNumberOfImageTokensEndsWith65()
    {
        var root = Directory.CreateTempSubdirectory("cpt-cli-model-").FullName;
        File.Copy(In("qwen2_5_vl/images.safetensors"), Path.Combine(root, "images.safetensors"));
        var ids = new byte[3 * 8];
        (ids[0], ids[8], ids[9]) = (5, 412 & 255, 412 >> 8);
        SafetensorsWriter.Write(Path.Combine(root, "cases.safetensors"),
        [
            new("bad.images", SafetensorsDType.I64, [1], stream => stream.Write(new byte[8])),
            new("bad.input_ids", SafetensorsDType.I64, [1, 3], stream => stream.Write(ids)),
        ]);
        var (code, _, error) = Run("verify", "--model", In("qwen2_5_vl"), "--reference", Path.Combine(root, "cases.safetensors"));
        Directory.Delete(root, recursive: true);
        Assert.Equal(65, code);
        Assert.Contains("tensor 'bad.input_ids': 1 image tokens (id 412) for 1 images of 15 tokens; expected as many tokens as images have", error, StringComparison.Ordinal);
    }

    [Fact]
    public void InfoShowsTheTowerOfAModelWithImages()
    {
        var (code, output, _) = Run("info", "--model", In("qwen2_5_vl"));
        Assert.Equal(0, code);
        Assert.Matches("visionBlocks +4\n", output);
        Assert.Matches("imageTokenPixels +28\n", output);
    }

    [Theory]
    [InlineData("qwen2_bf16_shards")]
    [InlineData("qwen3")]
    [InlineData("qwen2_5_vl")]
    public void WithoutAReferenceVerifyComputesTheModelTwoWays(string model)
    {
        var (_, output, _) = Run("verify", "--model", In(model), "-o", "json");
        var checks = JsonDocument.Parse(output).RootElement.GetProperty("checks").EnumerateArray().ToDictionary(check => check.GetProperty("name").GetString()!, StringComparer.Ordinal);
        Assert.Equal(["weights", "tokenizer", "forward", "generation"], checks.Keys);
        Assert.All(["weights", "forward", "generation"], name => Assert.True(checks[name].GetProperty("passed").GetBoolean(), checks[name].ToString()));
        Assert.Equal("8 tokens with a cache as without", checks["generation"].GetProperty("finding").GetString());
    }

    [Fact]
    public void AModelThatShipsWithTheTrainerPassesEveryCheck()
    {
        var (code, output, _) = Run("verify", "--model", Path.Combine(Repository.Root, "examples", "models", "digits-base"));
        Assert.Equal(0, code);
        Assert.Matches(@"weights +ok +\d+ tensors, [\d,]+ parameters, all finite\n", output);
        Assert.Matches(@"tokenizer +ok ", output);
    }

    [Fact]
    public void AWeightThatIsNoNumberIsNamed()
    {
        var root = Directory.CreateTempSubdirectory("cpt-cli-model-").FullName;
        var source = Path.Combine(Repository.Root, "examples", "models", "digits-base");
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(root, Path.GetFileName(file)));
        }

        using (var weights = SafetensorsFile.Open(Path.Combine(source, "model.safetensors")))
        {
            SafetensorsWriter.Write(Path.Combine(root, "model.safetensors"), [.. weights.Tensors.Select(tensor => new SafetensorsWriter.Entry(tensor.Name, tensor.DType, tensor.Shape, stream =>
            {
                var bytes = weights.Bytes(tensor).ToArray();
                if (tensor.Name == "model.norm.weight")
                {
                    BitConverter.TryWriteBytes(bytes, float.NaN);
                }

                stream.Write(bytes);
            }))]);
        }

        var (code, output, _) = Run("verify", "--model", root);
        Directory.Delete(root, recursive: true);
        Assert.Equal(1, code);
        Assert.Contains("weights     WRONG  tensor 'model.norm.weight' holds NaN or infinity\n", output, StringComparison.Ordinal);
        Assert.Contains("generation  WRONG  logits hold NaN or infinity\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void VerifyEndsWithOnePastTheTolerance()
    {
        var (code, output, _) = Run("verify", "--model", In("qwen2"), "--reference", In("qwen2/cases.safetensors"), "--tolerance", "1e-12");
        Assert.Equal(1, code);
        Assert.Contains("DIFFERS: absolute difference past the tolerance", output, StringComparison.Ordinal);
        Assert.Contains("greedy", output, StringComparison.Ordinal);
    }

    [Fact]
    public void AReferenceOfAnotherModelEndsWith65()
    {
        var (code, _, error) = Run("verify", "--model", In("qwen2"), "--reference", In("samplers.safetensors"));
        Assert.Equal((65, $"error: {In("samplers.safetensors")}: tensor 'input_ids' is missing; the file holds 5 tensors\n"), (code, error));
    }

    [Theory]
    [InlineData("none", "qwen2/cases.safetensors")]
    [InlineData("qwen2", "none.safetensors")]
    public void WhatIsMissingEndsWith66(string model, string reference)
    {
        var (code, _, error) = Run("verify", "--model", In(model), "--reference", In(reference));
        Assert.Equal(66, code);
        Assert.Contains("none", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ATruncatedModelEndsWith65()
    {
        var root = Directory.CreateTempSubdirectory("cpt-cli-model-").FullName;
        File.Copy(In("qwen2/config.json"), Path.Combine(root, "config.json"));
        File.WriteAllBytes(Path.Combine(root, "model.safetensors"), File.ReadAllBytes(In("qwen2/model.safetensors"))[..5000]);
        var (code, _, error) = Run("info", "--model", root);
        Directory.Delete(root, recursive: true);
        Assert.Equal(65, code);
        Assert.Contains("the file is cut off", error, StringComparison.Ordinal);
    }

    [Fact]
    public void InfoSaysWhatTheDirectoryHolds()
    {
        var (code, output, _) = Run("info", "--model", In("qwen2_bf16_shards"), "-o", "json");
        Assert.Equal(0, code);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.Equal(180032, json.GetProperty("parameters").GetInt64());
        Assert.Equal(360064, json.GetProperty("weightBytes").GetInt64());
        Assert.Equal("BF16", json.GetProperty("weightTypes")[0].GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("tokenizerVocabulary").ValueKind);
    }

    private static string In(string name) => Path.Combine(s_golden, name);

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = ModelCommand.Create().Parse(arguments).Invoke(new() { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}

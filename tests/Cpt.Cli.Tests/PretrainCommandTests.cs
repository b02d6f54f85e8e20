using System.CommandLine;
using Cpt.Cli.Commands;
using Cpt.Contract;
using Cpt.Models;

namespace Cpt.Cli.Tests;

public sealed class PretrainCommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cpt-cli-pretrain-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void ItWritesAModelThatLoadsAndPrintsTheSuccessOfEverySkill()
    {
        var (code, output, _) = Run("--steps", "2", "--batch", "1", "--threads", "1", "--output", In("model"));
        Assert.Equal(ExitCodes.Done, code);
        Assert.All(["copy", "reverse", "increment", "rotate", "parity", "half", "residue"], skill => Assert.Contains($"\n{skill} ", output, StringComparison.Ordinal));
        using var model = CausalLM.Load(In("model"));
        Assert.Equal(587_520, model.Config.ParameterCount);
        Assert.Equal(ByteTokenizer.EndOfTextId, Tokenizer.Load(In("model")).EosTokenId);
    }

    [Theory]
    [InlineData("pictures", "read,sum,count,colour")]
    [InlineData("study", "science,text,blurred,relations,geometry,textures,counting,general")]
    public void AModelWithImagesIsWrittenInHalfPrecisionWithItsPreprocessor(string corpus, string tasks)
    {
        var (code, output, _) = Run("--config", "vision", "--corpus", corpus, "--steps", "1", "--batch", "1", "--threads", "1", "--save-as", "bfloat16", "--output", In("model"));
        Assert.Equal(ExitCodes.Done, code);
        Assert.All(tasks.Split(','), skill => Assert.Contains($"\n{skill} ", output, StringComparison.Ordinal));
        using var model = CausalLM.Load(In("model"));
        Assert.Equal((1_418_304, Cpt.Torch.ScalarType.BFloat16), (model.Config.ParameterCount, model.dtype));
        Assert.Equal(2, ImageProcessor.Of(model)!.Tokens(56, 28));
    }

    [Fact]
    public void AModelOfTextIsNotShownPictures()
    {
        var (code, _, error) = Run("--config", "digits", "--corpus", "pictures", "--steps", "1", "--batch", "1", "--output", In("model"));
        Assert.Equal(ExitCodes.BadSpec, code);
        Assert.Equal("error: the corpus shows pictures, but the model (model_type qwen2) has no vision tower\n", error);
    }

    [Fact]
    public void EqualSeedsWriteEqualFilesAndAnotherSeedOthers()
    {
        byte[] Weights(string name, string seed)
        {
            Assert.Equal(ExitCodes.Done, Run("--steps", "2", "--batch", "1", "--threads", "1", "--seed", seed, "--output", In(name)).Code);
            return File.ReadAllBytes(In(name + "/model.safetensors"));
        }

        var first = Weights("a", "7");
        Assert.Equal(first, Weights("b", "7"));
        Assert.NotEqual(first, Weights("c", "8"));
    }

    [Fact]
    public void AnUnknownPresetIsRefusedWithThoseThereAre()
    {
        var (code, _, error) = Run("--config", "giant", "--output", In("model"));
        Assert.Equal(ExitCodes.InputNotFound, code);
        Assert.Equal("error: --config giant: neither a file nor a preset; presets are digits, vision\n", error);
    }

    [Theory]
    [InlineData("--steps", "0", "--steps: 0 is too small; use 1 or more")]
    [InlineData("--valid", "1.5", "--valid: 1.5 is not possible; use 0 to 1")]
    public void ImpossibleValuesAreRefusedByOption(string option, string value, string message)
    {
        var parsed = PretrainCommand.Create().Parse([option, value, "--output", In("model")]);
        Assert.Equal(message, Assert.Single(parsed.Errors).Message);
    }

    private string In(string name) => Path.Combine(_root, name);

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = PretrainCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}

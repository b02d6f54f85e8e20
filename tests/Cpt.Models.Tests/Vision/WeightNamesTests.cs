namespace Cpt.Models.Tests;

public sealed class WeightNamesTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ACheckpointWithTheHubsNamesIsWrittenBackBitForBit()
    {
        using (var model = CausalLM.Load(Golden.Path("qwen2_5_vl")))
        {
            model.Save(_scratch["out"]);
        }

        foreach (var name in (string[])["model.safetensors", "config.json", "preprocessor_config.json"])
        {
            Assert.Equal(File.ReadAllBytes(Golden.Path("qwen2_5_vl", name)), File.ReadAllBytes(_scratch[$"out/{name}"]));
        }
    }

    [Fact]
    public void ACheckpointWithNestedNamesIsTheSameModelAndIsWrittenBackWithThem()
    {
        Nest(Golden.Path("qwen2_5_vl"), _scratch["nested"]);
        using (var model = CausalLM.Load(_scratch["nested"]))
        {
            Assert.Contains("model.language_model.layers.0.self_attn.q_proj.bias", model.NamedTensors().Select(tensor => tensor.Name));
            model.Save(_scratch["out"]);
        }

        Assert.Equal(File.ReadAllBytes(_scratch["nested/model.safetensors"]), File.ReadAllBytes(_scratch["out/model.safetensors"]));
        var report = ModelVerifier.Verify(_scratch["nested"], Golden.Path("qwen2_5_vl", "cases.safetensors"));
        Assert.Empty(report.NotComputable);
        Assert.True(report.Passes());
    }

    [Fact]
    public void ShardsOfNestedNamesAreIndexedByThem()
    {
        Nest(Golden.Path("qwen2_5_vl"), _scratch["nested"]);
        using (var model = CausalLM.Load(_scratch["nested"]))
        {
            model.Save(_scratch["out"], shardBytes: 400_000);
        }

        using var again = CausalLM.Load(_scratch["out"]);
        using var first = CausalLM.Load(_scratch["nested"]);
        foreach (var (a, b) in first.NamedTensors().Zip(again.NamedTensors()))
        {
            Assert.Equal(a.Name, b.Name);
            Assert.True(a.Value.equal(b.Value), a.Name);
        }
    }

    [Fact]
    public void AMissingTensorOfTheTowerIsNamedInTheFilesOwnSpelling()
    {
        Nest(Golden.Path("qwen2_5_vl"), _scratch["nested"], leftOut: "visual.merger.ln_q.weight");
        Assert.Contains("tensor 'model.visual.merger.ln_q.weight' is missing", Assert.Throws<ModelFormatException>(() => CausalLM.Load(_scratch["nested"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATowerInAModelOfTextAloneIsAStranger()
    {
        using var directory = ScratchDirectory.CopyOf(Golden.Path("qwen2_5_vl"));
        var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(directory["config.flat.json"]))!;
        json["model_type"] = "qwen2";
        json["rope_scaling"] = null;
        File.WriteAllText(directory["config.json"], json.ToJsonString());
        Assert.Contains("tensor 'visual.blocks.0.attn.proj.bias' is not part of the qwen2 model", Assert.Throws<ModelFormatException>(() => CausalLM.Load(directory.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ANewModelHasTheHubsNamesAndItsCountOfParameters()
    {
        using var model = Small.VisionModel();
        var names = model.NamedTensors().Select(tensor => tensor.Name).ToList();
        Assert.Contains("visual.blocks.1.mlp.gate_proj.bias", names);
        Assert.Contains("model.layers.0.mlp.up_proj.weight", names);
        Assert.Equal(model.Config.ParameterCount, model.NamedTensors().Sum(tensor => tensor.Value.numel()));
    }

    private static void Nest(string from, string to, string? leftOut = null)
    {
        Directory.CreateDirectory(to);
        foreach (var name in (string[])["config.json", "preprocessor_config.json"])
        {
            File.Copy(Path.Combine(from, name), Path.Combine(to, name));
        }

        using var file = SafetensorsFile.Open(Path.Combine(from, "model.safetensors"));
        SafetensorsWriter.Write(Path.Combine(to, "model.safetensors"), file.Tensors.Where(tensor => tensor.Name != leftOut).Select(tensor =>
            new SafetensorsWriter.Entry(WeightNames.Nested.OnDisk(tensor.Name), tensor.DType, tensor.Shape, stream => stream.Write(file.Bytes(tensor)))));
    }
}

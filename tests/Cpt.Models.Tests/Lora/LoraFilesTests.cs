using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cpt.Torch;

namespace Cpt.Models.Tests.Lora;

/// <summary>PEFT's directory, written and read, and what is refused of it.</summary>
public sealed class LoraFilesTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void TheFilesHavePeftsNamesAndShapes()
    {
        Save(LoraTests.Options(["q_proj", "v_proj"], false));
        using var file = SafetensorsFile.Open(_scratch[LoraFiles.WeightsName]);
        Assert.Equal(
            [
                "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight F32[4, 32]",
                "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight F32[32, 4]",
                "base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight F32[4, 32]",
                "base_model.model.model.layers.0.self_attn.v_proj.lora_B.weight F32[16, 4]",
            ],
            file.Tensors.Where(tensor => tensor.Name.Contains("layers.0", StringComparison.Ordinal)).Select(tensor => $"{tensor.Name} {tensor.Form}").Order(StringComparer.Ordinal));
        Assert.Equal("pt", file.Metadata["format"]);
        var config = Config();
        Assert.Equal(["LORA", "CAUSAL_LM", "none"], [.. new[] { "peft_type", "task_type", "bias" }.Select(name => config[name]!.GetValue<string>())]);
        Assert.Equal((4, 8.0, 0.0), (config["r"]!.GetValue<int>(), config["lora_alpha"]!.GetValue<double>(), config["lora_dropout"]!.GetValue<double>()));
        Assert.Equal(["q_proj", "v_proj"], config["target_modules"]!.AsArray().Select(name => name!.GetValue<string>()));
        Assert.Equal("hub/base", config["base_model_name_or_path"]!.GetValue<string>());
    }

    [Fact]
    public void WhatIsReadBackIsWhatWasWrittenBitForBit()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Save(LoraTests.Options([LoraOptions.AllLinear], false) with { RankStabilized = true, Dropout = 0.1 });
        using var model = Small.Model();
        model.Attach(LoraFiles.Load(model, _scratch.Root));
        Assert.Equal((4, 8.0, true, 0.1), (model.Adapter!.Options.Rank, model.Adapter.Options.Alpha, model.Adapter.Options.RankStabilized, model.Adapter.Options.Dropout));
        Assert.Equal(expected, Values(model.Adapter));
        var bytes = File.ReadAllBytes(_scratch[LoraFiles.WeightsName]);
        LoraFiles.Save(model.Adapter, _scratch["again"]);
        Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(_scratch["again"], LoraFiles.WeightsName)));
    }

    /// <summary>transformers names the modules of Qwen2.5-VL so since 4.52; PEFT's list of ends would also mean the tower's gate, up and down.</summary>
    [Fact]
    public void OfAModelWithImagesTheNestedNamesAreWrittenAndTheTowerIsLeftOut()
    {
        Save(LoraTests.Options([LoraOptions.AllLinear], false), Small.VisionModel());
        using var file = SafetensorsFile.Open(_scratch[LoraFiles.WeightsName]);
        Assert.All(file.Tensors, tensor => Assert.StartsWith("base_model.model.model.language_model.layers.", tensor.Name, StringComparison.Ordinal));
        var expression = new Regex("^(?:" + Config()["target_modules"]!.GetValue<string>() + ")$", RegexOptions.None, TimeSpan.FromSeconds(1));
        Assert.Matches(expression, "model.language_model.layers.1.mlp.gate_proj");
        Assert.Matches(expression, "model.layers.1.self_attn.k_proj");
        Assert.DoesNotMatch(expression, "model.visual.blocks.0.mlp.gate_proj");
        Assert.DoesNotMatch(expression, "visual.blocks.0.mlp.gate_proj");
        Assert.DoesNotMatch(expression, "lm_head");
    }

    [Theory]
    [InlineData("base_model.model.model.language_model.", "base_model.model.model.")]
    [InlineData(".weight", ".default.weight")]
    [InlineData("base_model.model.", "")]
    [InlineData(".lora_", ".base_layer.lora_")]
    public void OtherSpellingsOfTheSameNamesAreRead(string written, string found)
    {
        using var scope = torch.NewDisposeScope();
        var expected = Save(LoraTests.Options(["q_proj", "qkv"], true), Small.VisionModel());
        Rename(name => name.Replace(written, found, StringComparison.Ordinal));
        using var model = Small.VisionModel();
        using var adapter = LoraFiles.Load(model, _scratch.Root);
        Assert.Equal(expected, Values(adapter));
        Assert.True(adapter.Options.VisionTower);
    }

    public static TheoryData<string, string, string> Refused() => new()
    {
        { "use_dora", "true", "use_dora: true is not supported; expected false" },
        { "bias", "\"all\"", "bias: 'all' is not supported; expected none" },
        { "peft_type", "\"LOHA\"", "peft_type: 'LOHA' is not supported; expected LORA" },
        { "modules_to_save", "[\"lm_head\"]", "modules_to_save: [\"lm_head\"] is not supported" },
        { "rank_pattern", "{\"q_proj\":8}", "rank_pattern: {\"q_proj\":8} is not supported" },
        { "init_lora_weights", "\"pissa_niter_4\"", "'pissa_niter_4' changes the base model's weights" },
        { "r", "0", "r: 0 is wrong; expected a positive integer" },
        { "r", "5", "expected [5, 32] by r of adapter_config.json and the model" },
        { "lora_alpha", "\"16\"", "lora_alpha: \"16\" is wrong; expected a positive number" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void WhatChangesTheMathematicsIsRefusedByName(string field, string value, string message)
    {
        Save(LoraTests.Options(["q_proj"], false));
        var config = Config();
        config[field] = JsonNode.Parse(value);
        File.WriteAllText(_scratch[LoraFiles.ConfigName], config.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        using var model = Small.Model();
        var error = Assert.Throws<ModelFormatException>(() => LoraFiles.Load(model, _scratch.Root));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Strangers() => new()
    {
        { "layers.1.self_attn.q_proj", "layers.7.self_attn.q_proj", "'model.layers.7.self_attn.q_proj', which is no linear layer of this qwen2 (2 layers)" },
        { "q_proj.lora_A", "q_proj.lora_embedding_A", "is no plain LoRA" },
        { "layers.1.self_attn.q_proj.lora_B", "layers.1.self_attn.q_proj.lora_magnitude_vector", "is DoRA's, which is not supported" },
    };

    [Theory]
    [MemberData(nameof(Strangers))]
    public void ATensorThatIsNoLoraOfThisModelIsNamed(string part, string other, string message)
    {
        Save(LoraTests.Options(["q_proj"], false));
        Rename(name => name.Replace(part, other, StringComparison.Ordinal));
        using var model = Small.Model();
        var error = Assert.Throws<ModelFormatException>(() => LoraFiles.Load(model, _scratch.Root));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHalfLayerIsNamed()
    {
        Save(LoraTests.Options(["q_proj"], false));
        Rename(name => name.Contains("layers.1.self_attn.q_proj.lora_B", StringComparison.Ordinal) ? null : name);
        using var model = Small.Model();
        var error = Assert.Throws<ModelFormatException>(() => LoraFiles.Load(model, _scratch.Root));
        Assert.Contains("layer 'model.layers.1.self_attn.q_proj' has only one of lora_A and lora_B", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFilesAreNamed()
    {
        using var model = Small.Model();
        Assert.Contains(LoraFiles.ConfigName, Assert.Throws<FileNotFoundException>(() => LoraFiles.Load(model, _scratch["nowhere"])).Message, StringComparison.Ordinal);
        Save(LoraTests.Options(["q_proj"], false));
        File.Delete(_scratch[LoraFiles.WeightsName]);
        Assert.Contains(LoraFiles.WeightsName, Assert.Throws<FileNotFoundException>(() => LoraFiles.Load(model, _scratch.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnAdapterOfOtherLayersIsNotLoadedIntoThisOne()
    {
        Save(LoraTests.Options(["q_proj"], false));
        using var model = Small.Model();
        using var more = LoraAdapter.Create(model, LoraTests.Options(["q_proj", "k_proj"], false), 1);
        using var fewer = LoraAdapter.Create(model, LoraTests.Options(["model.layers.0.self_attn.q_proj"], false), 1);
        Assert.Contains("holds nothing for layer 'model.layers.0.self_attn.k_proj'", Assert.Throws<ModelFormatException>(() => LoraFiles.LoadInto(more, _scratch.Root)).Message, StringComparison.Ordinal);
        Assert.Contains("holds layer 'model.layers.1.self_attn.q_proj'", Assert.Throws<ModelFormatException>(() => LoraFiles.LoadInto(fewer, _scratch.Root)).Message, StringComparison.Ordinal);
    }

    private Dictionary<string, float[]> Save(LoraOptions options, CausalLM? of = null)
    {
        using var model = of ?? Small.Model();
        using var adapter = LoraTests.Filled(model, options);
        LoraFiles.Save(adapter, _scratch.Root, "hub/base");
        return Values(adapter);
    }

    private static Dictionary<string, float[]> Values(LoraAdapter adapter)
    {
        using var scope = torch.NewDisposeScope();
        return adapter.Layers().SelectMany(layer => new[] { (layer.Layer + " A", layer.A.data<float>()), (layer.Layer + " B", layer.B.data<float>()) })
            .ToDictionary(StringComparer.Ordinal);
    }

    private JsonObject Config() => JsonNode.Parse(File.ReadAllBytes(_scratch[LoraFiles.ConfigName]))!.AsObject();

    private void Rename(Func<string, string?> change)
    {
        var path = _scratch[LoraFiles.WeightsName];
        var entries = new List<SafetensorsWriter.Entry>();
        using (var file = SafetensorsFile.Open(path))
        {
            foreach (var tensor in file.Tensors)
            {
                var bytes = file.Bytes(tensor).ToArray();
                if (change(tensor.Name) is { } name)
                {
                    entries.Add(new(name, tensor.DType, tensor.Shape, stream => stream.Write(bytes)));
                }
            }
        }

        SafetensorsWriter.Write(path, entries);
    }
}

using System.Text.Json.Nodes;

namespace Cpt.Models.Tests;

public sealed class ModelConfigTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string, string> WrongFields => new()
    {
        { """{"model_type":"llama"}""", "model_type: 'llama' is not supported; expected qwen2" },
        { """{"hidden_act":"gelu"}""", "hidden_act: 'gelu' is not supported; expected silu" },
        { """{"use_sliding_window":true}""", "use_sliding_window: true is not supported; expected false" },
        { """{"layer_types":["sliding_attention"]}""", "layer_types:" },
        { """{"rope_parameters":{"rope_type":"yarn","rope_theta":1e6}}""", "rope_parameters.rope_type: 'yarn' is not supported; expected default" },
        { """{"rope_scaling":{"type":"linear","factor":2.0}}""", "rope_scaling.rope_type: 'linear' is not supported" },
        { """{"vocab_size":0}""", "vocab_size: 0 is wrong; expected a positive integer" },
        { """{"vocab_size":"320"}""", "vocab_size: \"320\" is wrong; expected a positive integer" },
        { """{"num_key_value_heads":3}""", "num_key_value_heads: 3 does not divide num_attention_heads 4" },
        { """{"hidden_size":66}""", "num_attention_heads: 4 does not divide hidden_size 66" },
        { """{"head_dim":15}""", "head_dim: 15 is odd" },
        { """{"rms_norm_eps":-1}""", "rms_norm_eps: -1 is wrong; expected a positive number" },
        { """{"eos_token_id":"x"}""", "eos_token_id: \"x\" is wrong; expected a token id" },
        { """{"tie_word_embeddings":1}""", "tie_word_embeddings: 1 is no boolean" },
    };

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void TheNestedFormIsRead()
    {
        var config = ModelConfig.Load(Golden.Path("qwen2"));
        Assert.Equal(1_000_000, config.RopeTheta);
        Assert.Equal((320, 64, 176, 3, 4, 2, 16), (config.VocabSize, config.HiddenSize, config.IntermediateSize, config.NumHiddenLayers, config.NumAttentionHeads, config.NumKeyValueHeads, config.HeadDim));
        Assert.True(config.AttentionBias);
        Assert.False(config.TieWordEmbeddings);
        Assert.Equal("float32", config.DType);
    }

    [Fact]
    public void TheFlatFormGivesTheSame()
    {
        var json = Reference();
        json.Remove("rope_parameters");
        json.Remove("dtype");
        json["rope_theta"] = 1_000_000.0;
        json["torch_dtype"] = "float32";
        Assert.Equal(ModelConfig.Load(Golden.Path("qwen2")) with { SourceText = null, EosTokenIds = [] }, Load(json) with { SourceText = null, EosTokenIds = [] });
    }

    [Theory]
    [MemberData(nameof(WrongFields))]
    public void AFieldThatCannotBeComputedIsRefusedByName(string change, string expected)
    {
        var json = Reference();
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
        {
            json[name] = value?.DeepClone();
        }

        Assert.Contains(expected, Assert.Throws<ModelFormatException>(() => Load(json)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFieldIsNamed()
    {
        var json = Reference();
        json.Remove("hidden_size");
        Assert.Contains("hidden_size: is missing; expected a positive integer", Assert.Throws<ModelFormatException>(() => Load(json)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownFieldsSurviveAndOnlyTheTypeChanges()
    {
        var json = Reference();
        json["a_field_of_tomorrow"] = new JsonArray(1, 2);
        var config = Load(json);
        Assert.Equal(File.ReadAllText(_scratch["config.json"]), config.ToJson("float32"));
        var changed = JsonNode.Parse(config.ToJson("bfloat16"))!;
        json["dtype"] = "bfloat16";
        Assert.True(JsonNode.DeepEquals(json, changed));
    }

    [Fact]
    public void AConfigMadeHereIsReadBack()
    {
        var config = new ModelConfig
        {
            VocabSize = 257, HiddenSize = 32, IntermediateSize = 64, NumHiddenLayers = 2, NumAttentionHeads = 4, NumKeyValueHeads = 2, HeadDim = 8,
            TieWordEmbeddings = true, RopeTheta = 5000, PadTokenId = 256, MaxPositionEmbeddings = 96,
        };
        File.WriteAllText(_scratch["config.json"], config.ToJson("float32"));
        Assert.Equal(config with { EosTokenIds = [] }, ModelConfig.Load(_scratch.Root) with { SourceText = null, EosTokenIds = config.EosTokenIds });
    }

    private static JsonObject Reference() => JsonNode.Parse(File.ReadAllText(Golden.Path("qwen2", "config.json")))!.AsObject();

    private ModelConfig Load(JsonObject json)
    {
        File.WriteAllText(_scratch["config.json"], json.ToJsonString());
        return ModelConfig.Load(_scratch.Root);
    }
}

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

    public static TheoryData<string, string> WrongImageFields => new()
    {
        { """{"vision_config":null}""", "vision_config: is missing; expected an object" },
        { """{"vision_config":[1]}""", "vision_config: [1] is no object" },
        { """{"vision_config":{"num_heads":5}}""", "vision_config.num_heads: 5 does not divide hidden_size 48" },
        { """{"vision_config":{"num_heads":8}}""", "vision_config.num_heads: 8 of hidden_size 48 makes heads of 6; expected heads of a multiple of 4" },
        { """{"vision_config":{"out_hidden_size":65}}""", "vision_config.out_hidden_size: 65 is not the decoder's hidden_size 64" },
        { """{"vision_config":{"fullatt_block_indexes":[1,4]}}""", "vision_config.fullatt_block_indexes: 4 is no block; expected numbers from 0 to 3" },
        { """{"vision_config":{"in_channels":1}}""", "vision_config.in_channels: 1 is not supported; expected 3" },
        { """{"vision_config":{"window_size":20}}""", "vision_config.window_size: 20 holds no image token of 28 pixels" },
        { """{"vision_config":{"hidden_act":"quick_gelu"}}""", "vision_config.hidden_act: 'quick_gelu' is not supported" },
        { """{"vision_config":{"depth":0}}""", "vision_config.depth: 0 is wrong; expected a positive integer" },
        { """{"image_token_id":420}""", "image_token_id: 420 is outside the vocabulary of 420" },
        { """{"image_token_id":"x"}""", "image_token_id: \"x\" is wrong; expected a token id" },
        { """{"text_config":{"num_attention_heads":7}}""", "text_config.num_key_value_heads: 2 does not divide num_attention_heads 7" },
        { """{"text_config":{"rope_parameters":{"rope_theta":1e6}}}""", "mrope_section: is missing" },
        { """{"text_config":{"rope_parameters":{"mrope_section":[2,3,4]}}}""", "text_config.rope_parameters.mrope_section: [2, 3, 4] is wrong; expected three sizes whose sum is half of head_dim, 8" },
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

    [Fact]
    public void TheNestedAndTheFlatFormOfAModelWithImagesSayTheSame()
    {
        var nested = ModelConfig.Load(Golden.Path("qwen2_5_vl"));
        var flat = ModelConfig.Read(Golden.Path("qwen2_5_vl", "config.flat.json"));
        Assert.Equal([2, 3, 3], nested.RopeSections);
        Assert.Equal([1, 3], nested.Vision!.FullAttentionBlocks);
        Assert.Equal((412, 410, 411, 1_000_000.0, 4), (nested.ImageTokenId, nested.VisionStartTokenId, nested.VisionEndTokenId, nested.RopeTheta, nested.Vision.WindowUnits));
        Assert.Equal(flat.RopeSections, nested.RopeSections);
        Assert.Equal(Alike(flat), Alike(nested));
        Assert.Equal(flat.Vision! with { FullAttentionBlocks = [] }, nested.Vision with { FullAttentionBlocks = [] });

        static ModelConfig Alike(ModelConfig config) => config with { SourceText = null, EosTokenIds = [], RopeSections = [], Vision = null };
    }

    [Theory]
    [MemberData(nameof(WrongImageFields))]
    public void AWrongFieldOfAModelWithImagesIsRefusedByName(string change, string expected)
    {
        var json = JsonNode.Parse(File.ReadAllText(Golden.Path("qwen2_5_vl", "config.json")))!.AsObject();
        Merge(json, JsonNode.Parse(change)!.AsObject());
        Assert.Contains(expected, Assert.Throws<ModelFormatException>(() => Load(json)).Message, StringComparison.Ordinal);

        static void Merge(JsonObject into, JsonObject change)
        {
            foreach (var (name, value) in change)
            {
                if (value is JsonObject part && into[name] is JsonObject inner && name != "rope_parameters")
                {
                    Merge(inner, part);
                }
                else
                {
                    into[name] = value?.DeepClone();
                }
            }
        }
    }

    [Fact]
    public void AModelWithImagesMadeHereIsReadBack()
    {
        File.WriteAllText(_scratch["config.json"], Small.VisionConfig.ToJson("float32"));
        var read = ModelConfig.Load(_scratch.Root);
        Assert.Equal(Small.VisionConfig.RopeSections, read.RopeSections);
        Assert.Equal(Small.VisionConfig.Vision!.FullAttentionBlocks, read.Vision!.FullAttentionBlocks);
        Assert.Equal(Small.VisionConfig.Vision with { FullAttentionBlocks = [] }, read.Vision with { FullAttentionBlocks = [] });
        Assert.Equal(Small.VisionConfig.ToJson("float32"), (read with { SourceText = null }).ToJson("float32"));
    }

    [Fact]
    public void TheTypeOfANestedFileChangesInEveryPart()
    {
        var json = JsonNode.Parse(File.ReadAllText(Golden.Path("qwen2_5_vl", "config.json")))!.AsObject();
        json["text_config"]!["dtype"] = "float32";
        var changed = JsonNode.Parse(Load(json).ToJson("bfloat16"))!;
        Assert.Equal("bfloat16", (string?)changed["dtype"]);
        Assert.Equal("bfloat16", (string?)changed["text_config"]!["dtype"]);
        Assert.False(changed["vision_config"]!.AsObject().ContainsKey("dtype"));
    }

    private static JsonObject Reference() => JsonNode.Parse(File.ReadAllText(Golden.Path("qwen2", "config.json")))!.AsObject();

    private ModelConfig Load(JsonObject json)
    {
        File.WriteAllText(_scratch["config.json"], json.ToJsonString());
        return ModelConfig.Load(_scratch.Root);
    }
}

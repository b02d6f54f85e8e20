using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cpt.Models;

/// <summary>Writes config.json for a model that was made here, so that transformers loads it.</summary>
internal static class ModelConfigWriter
{
    public static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string New(ModelConfig config, string dtype)
    {
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(config.ModelType switch
            {
                "qwen3" => "Qwen3ForCausalLM",
                ModelConfig.QwenVl => "Qwen2_5_VLForConditionalGeneration",
                _ => "Qwen2ForCausalLM",
            }),
            ["attention_dropout"] = 0.0,
            ["eos_token_id"] = config.EosTokenIds.Count switch
            {
                0 => null,
                1 => config.EosTokenIds[0],
                _ => Numbers(config.EosTokenIds),
            },
            ["hidden_act"] = "silu",
            ["hidden_size"] = config.HiddenSize,
            ["initializer_range"] = config.InitializerRange,
            ["intermediate_size"] = config.IntermediateSize,
            ["max_position_embeddings"] = config.MaxPositionEmbeddings,
            ["model_type"] = config.ModelType,
            ["num_attention_heads"] = config.NumAttentionHeads,
            ["num_hidden_layers"] = config.NumHiddenLayers,
            ["num_key_value_heads"] = config.NumKeyValueHeads,
            ["pad_token_id"] = config.PadTokenId,
            ["rms_norm_eps"] = config.RmsNormEps,
            ["rope_theta"] = config.RopeTheta,
            ["tie_word_embeddings"] = config.TieWordEmbeddings,
            ["torch_dtype"] = dtype,
            ["use_cache"] = true,
            ["use_sliding_window"] = false,
            ["vocab_size"] = config.VocabSize,
        };

        // transformers derives the head size where it is absent; Qwen3 and unusual shapes must name it.
        if (config.ModelType == "qwen3" || config.HeadDim * config.NumAttentionHeads != config.HiddenSize)
        {
            json["head_dim"] = config.HeadDim;
        }

        if (config.ModelType == "qwen3")
        {
            json["attention_bias"] = config.AttentionBias;
        }

        if (config.Vision is { } vision)
        {
            AddImages(json, config, vision);
        }

        return json.ToJsonString(Indented) + "\n";
    }

    /// <summary>The flat form, in which Qwen2.5-VL is published: every reader knows it.</summary>
    private static void AddImages(JsonObject json, ModelConfig config, VisionConfig vision)
    {
        json["image_token_id"] = config.ImageTokenId;
        json["rope_scaling"] = new JsonObject { ["mrope_section"] = Numbers(config.RopeSections), ["type"] = "mrope" };
        json["video_token_id"] = config.VideoTokenId;
        json["vision_config"] = new JsonObject
        {
            ["depth"] = vision.Depth,
            ["fullatt_block_indexes"] = Numbers(vision.FullAttentionBlocks),
            ["hidden_act"] = "silu",
            ["hidden_size"] = vision.HiddenSize,
            ["in_chans"] = vision.InChannels,
            ["intermediate_size"] = vision.IntermediateSize,
            ["num_heads"] = vision.NumHeads,
            ["out_hidden_size"] = vision.OutHiddenSize,
            ["patch_size"] = vision.PatchSize,
            ["spatial_merge_size"] = vision.SpatialMergeSize,
            ["spatial_patch_size"] = vision.PatchSize,
            ["temporal_patch_size"] = vision.TemporalPatchSize,
            ["window_size"] = vision.WindowSize,
        };
        json["vision_end_token_id"] = config.VisionEndTokenId;
        json["vision_start_token_id"] = config.VisionStartTokenId;
    }

    private static JsonArray Numbers(IEnumerable<int> values) => [.. values.Select(value => JsonValue.Create(value))];
}

using System.Text.Json;

namespace Cpt.Models;

/// <summary>Reads and checks config.json.</summary>
internal sealed class ModelConfigReader
{
    private const string MultimodalType = ModelConfig.QwenVl;
    private const string Types = "qwen2 (Qwen2, Qwen2.5), qwen3 or qwen2_5_vl";

    /// <summary>The whole file.</summary>
    private readonly ModelConfigFields _root;

    /// <summary>The decoder's fields: the file's own, or those of <c>text_config</c> in the nested form.</summary>
    private readonly ModelConfigFields _text;

    private ModelConfigReader(ModelConfigFields root)
    {
        _root = root;
        _text = root.Object("text_config", "an object with the decoder's fields") ?? root;
    }

    public static ModelConfig Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new FileNotFoundException($"{file}: no such file; a model directory needs {ModelConfig.FileName}", file);
        }

        var text = File.ReadAllText(file);
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new ModelConfigReader(new ModelConfigFields(file, "", document.RootElement)).Read() with { SourceText = text }
                : throw new ModelFormatException(file, $"is a JSON {document.RootElement.ValueKind}; expected an object");
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(file, $"is not JSON ({exception.Message})", exception);
        }
    }

    private ModelConfig Read()
    {
        var type = _root.Text("model_type") ?? throw _root.Wrong("model_type", "is missing", Types);
        if (type is not ("qwen2" or "qwen3" or MultimodalType))
        {
            throw _root.Wrong("model_type", $"'{type}' is not supported", Types);
        }

        RefuseWhatIsNotComputed();
        var hidden = _text.Size("hidden_size");
        var heads = _text.Size("num_attention_heads");
        var keyValueHeads = _text.Size("num_key_value_heads", heads);
        if (heads % keyValueHeads != 0)
        {
            throw _text.Wrong("num_key_value_heads", $"{keyValueHeads} does not divide num_attention_heads {heads}", "a divisor");
        }

        if (!_text.Present("head_dim", out _) && type != "qwen3" && hidden % heads != 0)
        {
            throw _text.Wrong("num_attention_heads", $"{heads} does not divide hidden_size {hidden}", "a divisor, or head_dim");
        }

        var headDim = _text.Size("head_dim", type == "qwen3" ? 128 : hidden / heads);
        if (headDim % 2 != 0)
        {
            throw _text.Wrong("head_dim", $"{headDim} is odd", "an even number, since RoPE rotates pairs");
        }

        var config = new ModelConfig
        {
            ModelType = type,
            VocabSize = _text.Size("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = _text.Size("intermediate_size"),
            NumHiddenLayers = _text.Size("num_hidden_layers"),
            NumAttentionHeads = heads,
            NumKeyValueHeads = keyValueHeads,
            HeadDim = headDim,
            MaxPositionEmbeddings = _text.Size("max_position_embeddings", 32768),
            RmsNormEps = _text.Positive("rms_norm_eps", 1e-6),
            RopeTheta = RopeTheta(type),
            TieWordEmbeddings = (_root.Present("tie_word_embeddings", out _) ? _root : _text).Flag("tie_word_embeddings"),
            AttentionBias = type != "qwen3" || _text.Flag("attention_bias"),
            QueryKeyNorm = type == "qwen3",
            InitializerRange = _text.Positive("initializer_range", 0.02),
            DType = _root.Text("dtype") ?? _root.Text("torch_dtype") ?? _text.Text("dtype") ?? _text.Text("torch_dtype") ?? "float32",
            EosTokenIds = _root.Numbers("eos_token_id") ?? _text.Numbers("eos_token_id") ?? [],
            PadTokenId = (_root.Numbers("pad_token_id") ?? _text.Numbers("pad_token_id")) is [var pad, ..] ? pad : null,
        };
        return type == MultimodalType ? WithImages(config) : config;
    }

    private ModelConfig WithImages(ModelConfig config)
    {
        var vision = _root.Object("vision_config", "an object with the vision tower's fields") ?? throw _root.Wrong("vision_config", "is missing", "an object with the vision tower's fields");
        return config with
        {
            Vision = VisionConfigReader.Read(vision, config.HiddenSize),
            RopeSections = Sections(config.HeadDim),
            ImageTokenId = Token("image_token_id", 151655),
            VideoTokenId = Token("video_token_id", 151656),
            VisionStartTokenId = Token("vision_start_token_id", 151652),
            VisionEndTokenId = Token("vision_end_token_id", 151653),
        };

        int Token(string name, int otherwise)
        {
            if (_root.Numbers(name, "a token id") is not [var id])
            {
                id = _root.Present(name, out var value) ? throw _root.Wrong(name, value.GetRawText() + " is wrong", "a token id") : otherwise;
            }

            return id >= 0 && id < config.VocabSize ? id : throw _root.Wrong(name, $"{id} is outside the vocabulary of {config.VocabSize}", "the id of a token");
        }
    }

    /// <summary>How many frequencies of a head turn by time, row and column.</summary>
    private int[] Sections(int headDim)
    {
        foreach (var name in (string[])["rope_parameters", "rope_scaling"])
        {
            if (_text.Object(name, "an object")?.Numbers("mrope_section", "three sizes") is { } sizes)
            {
                return sizes.Count == 3 && sizes.TrueForAll(size => size >= 0) && sizes.Sum() * 2 == headDim
                    ? [.. sizes]
                    : throw _text.Wrong(name + ".mrope_section", $"[{string.Join(", ", sizes)}] is wrong", $"three sizes whose sum is half of head_dim, {headDim / 2}");
            }
        }

        throw _text.Wrong("rope_scaling.mrope_section", "is missing", $"three sizes whose sum is half of head_dim, {headDim / 2}: frequencies that turn by time, row and column");
    }

    private void RefuseWhatIsNotComputed()
    {
        if (_text.Text("hidden_act") is { } activation && activation is not ("silu" or "swish"))
        {
            throw _text.Wrong("hidden_act", $"'{activation}' is not supported", "silu");
        }

        if (_text.Flag("use_sliding_window"))
        {
            throw _text.Wrong("use_sliding_window", "true is not supported", "false (full attention)");
        }

        if (_text.Present("layer_types", out var layers) && layers.ValueKind == JsonValueKind.Array
            && layers.EnumerateArray().Any(layer => layer.ValueKind != JsonValueKind.String || layer.GetString() != "full_attention"))
        {
            throw _text.Wrong("layer_types", $"{layers.GetRawText()} is not supported", "full_attention in every layer");
        }
    }

    /// <summary>Nested <c>rope_parameters.rope_theta</c>, else flat <c>rope_theta</c>, else the architecture's default.</summary>
    private double RopeTheta(string type)
    {
        double? theta = null;
        foreach (var name in (string[])["rope_parameters", "rope_scaling"])
        {
            if (_text.Object(name, "an object with rope_type and rope_theta") is not { } rope)
            {
                continue;
            }

            // M-RoPE says how positions are made, not how frequencies are scaled; published configs call it either mrope or default.
            var kind = rope.Present("rope_type", out var value) || rope.Present("type", out value) ? value.ToString() : "default";
            if (kind != "default" && !(kind == "mrope" && type == MultimodalType))
            {
                throw _text.Wrong(name + ".rope_type", $"'{kind}' is not supported", "default (RoPE without scaling)");
            }

            if (rope.Present("rope_theta", out _))
            {
                theta ??= rope.Positive("rope_theta", 0);
            }
        }

        return theta ?? _text.Positive("rope_theta", type == MultimodalType ? 1_000_000 : 10_000);
    }
}

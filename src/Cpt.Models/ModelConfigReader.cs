using System.Text.Json;

namespace Cpt.Models;

/// <summary>Reads and checks config.json.</summary>
internal sealed class ModelConfigReader
{
    private readonly string _file;
    private readonly JsonElement _root;

    private ModelConfigReader(string file, JsonElement root)
    {
        _file = file;
        _root = root;
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
                ? new ModelConfigReader(file, document.RootElement).Read() with { SourceText = text }
                : throw new ModelFormatException(file, $"is a JSON {document.RootElement.ValueKind}; expected an object");
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(file, $"is not JSON ({exception.Message})", exception);
        }
    }

    private ModelConfig Read()
    {
        var type = Text("model_type") ?? throw Wrong("model_type", "is missing", "qwen2 or qwen3");
        if (type is not ("qwen2" or "qwen3"))
        {
            throw Wrong("model_type", $"'{type}' is not supported", "qwen2 (Qwen2, Qwen2.5) or qwen3");
        }

        RefuseWhatIsNotComputed();
        var hidden = Size("hidden_size");
        var heads = Size("num_attention_heads");
        var keyValueHeads = Size("num_key_value_heads", heads);
        if (heads % keyValueHeads != 0)
        {
            throw Wrong("num_key_value_heads", $"{keyValueHeads} does not divide num_attention_heads {heads}", "a divisor");
        }

        if (!Present("head_dim", out _) && type == "qwen2" && hidden % heads != 0)
        {
            throw Wrong("num_attention_heads", $"{heads} does not divide hidden_size {hidden}", "a divisor, or head_dim");
        }

        var headDim = Size("head_dim", type == "qwen3" ? 128 : hidden / heads);
        if (headDim % 2 != 0)
        {
            throw Wrong("head_dim", $"{headDim} is odd", "an even number, since RoPE rotates pairs");
        }

        return new ModelConfig
        {
            ModelType = type,
            VocabSize = Size("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = Size("intermediate_size"),
            NumHiddenLayers = Size("num_hidden_layers"),
            NumAttentionHeads = heads,
            NumKeyValueHeads = keyValueHeads,
            HeadDim = headDim,
            MaxPositionEmbeddings = Size("max_position_embeddings", 32768),
            RmsNormEps = Positive(_root, "rms_norm_eps", 1e-6),
            RopeTheta = RopeTheta(),
            TieWordEmbeddings = Flag("tie_word_embeddings"),
            AttentionBias = type == "qwen2" || Flag("attention_bias"),
            QueryKeyNorm = type == "qwen3",
            InitializerRange = Positive(_root, "initializer_range", 0.02),
            DType = Text("dtype") ?? Text("torch_dtype") ?? "float32",
            EosTokenIds = Ids("eos_token_id"),
            PadTokenId = Ids("pad_token_id") is [var pad, ..] ? pad : null,
        };
    }

    private void RefuseWhatIsNotComputed()
    {
        if (Text("hidden_act") is { } activation && activation is not ("silu" or "swish"))
        {
            throw Wrong("hidden_act", $"'{activation}' is not supported", "silu");
        }

        if (Flag("use_sliding_window"))
        {
            throw Wrong("use_sliding_window", "true is not supported", "false (full attention)");
        }

        if (Present("layer_types", out var layers) && layers.ValueKind == JsonValueKind.Array
            && layers.EnumerateArray().Any(layer => layer.ValueKind != JsonValueKind.String || layer.GetString() != "full_attention"))
        {
            throw Wrong("layer_types", $"{layers.GetRawText()} is not supported", "full_attention in every layer");
        }
    }

    /// <summary>Nested <c>rope_parameters.rope_theta</c>, else flat <c>rope_theta</c>, else the architecture's default.</summary>
    private double RopeTheta()
    {
        double? theta = null;
        foreach (var name in (string[])["rope_parameters", "rope_scaling"])
        {
            if (!Present(name, out var rope))
            {
                continue;
            }

            if (rope.ValueKind != JsonValueKind.Object)
            {
                throw Wrong(name, rope.GetRawText() + " is no object", "an object with rope_type and rope_theta");
            }

            var kind = rope.TryGetProperty("rope_type", out var value) || rope.TryGetProperty("type", out value) ? value.ToString() : "default";
            if (kind != "default")
            {
                throw Wrong(name + ".rope_type", $"'{kind}' is not supported", "default (RoPE without scaling)");
            }

            if (rope.TryGetProperty("rope_theta", out _))
            {
                theta ??= Positive(rope, "rope_theta", 0);
            }
        }

        return theta ?? Positive(_root, "rope_theta", 10_000);
    }

    private bool Present(string name, out JsonElement value) => _root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private string? Text(string name)
    {
        if (!Present(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, value.GetRawText() + " is no string", "a string");
    }

    private bool Flag(string name)
    {
        if (!Present(name, out var value))
        {
            return false;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, value.GetRawText() + " is no boolean", "true or false");
    }

    private int Size(string name, int? otherwise = null)
    {
        if (!Present(name, out var value))
        {
            return otherwise ?? throw Wrong(name, "is missing", "a positive integer");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0
            ? number
            : throw Wrong(name, value.GetRawText() + " is wrong", "a positive integer");
    }

    private double Positive(JsonElement parent, string name, double otherwise)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return otherwise;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number > 0 && double.IsFinite(number)
            ? number
            : throw Wrong(name, value.GetRawText() + " is wrong", "a positive number");
    }

    private List<int> Ids(string name)
    {
        if (!Present(name, out var value))
        {
            return [];
        }

        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToList() : [value];
        return items.TrueForAll(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _))
            ? items.ConvertAll(item => item.GetInt32())
            : throw Wrong(name, value.GetRawText() + " is wrong", "a token id or a list of them");
    }

    private ModelFormatException Wrong(string field, string problem, string right) => new(_file, $"{field}: {problem}; expected {right}");
}

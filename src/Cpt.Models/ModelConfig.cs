using System.Text.Json.Nodes;

namespace Cpt.Models;

/// <summary>
/// What config.json says about a decoder and its image tower, in Hugging Face's words. Two spellings are read: the flat one of published
/// checkpoints (<c>rope_theta</c>, <c>torch_dtype</c>) and the nested one that transformers 5 writes
/// (<c>rope_parameters</c>, <c>dtype</c>, <c>text_config</c>). What this code cannot compute (sliding windows, scaled RoPE, other
/// activations) is refused instead of being computed wrongly.
/// </summary>
public sealed record ModelConfig
{
    public const string FileName = "config.json";

    /// <summary>Type of Qwen2.5-VL.</summary>
    internal const string QwenVl = "qwen2_5_vl";

    /// <summary><c>qwen2</c> (Qwen2, Qwen2.5), <c>qwen3</c> or <c>qwen2_5_vl</c>.</summary>
    public string ModelType { get; init; } = "qwen2";

    public required int VocabSize { get; init; }

    public required int HiddenSize { get; init; }

    /// <summary>Width of the SwiGLU block.</summary>
    public required int IntermediateSize { get; init; }

    public required int NumHiddenLayers { get; init; }

    public required int NumAttentionHeads { get; init; }

    /// <summary>Key and value heads; divides <see cref="NumAttentionHeads"/>.</summary>
    public required int NumKeyValueHeads { get; init; }

    /// <summary>Elements of one head; even, since RoPE rotates pairs.</summary>
    public required int HeadDim { get; init; }

    /// <summary>The context: prompt and response together.</summary>
    public int MaxPositionEmbeddings { get; init; } = 2048;

    public double RmsNormEps { get; init; } = 1e-6;

    public double RopeTheta { get; init; } = 10_000;

    /// <summary>The output matrix is the embedding matrix.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>q, k and v projections have a bias (Qwen2 always; Qwen3 by <c>attention_bias</c>).</summary>
    public bool AttentionBias { get; init; } = true;

    /// <summary>Queries and keys are normalised head by head before RoPE (Qwen3).</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Standard deviation of a random start.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Type the weights are said to have: <c>float32</c>, <c>bfloat16</c>, …</summary>
    public string DType { get; init; } = "float32";

    /// <summary>Ids that end a response; empty where the file names none.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    public int? PadTokenId { get; init; }

    /// <summary>The image tower; null for a model of text alone.</summary>
    public VisionConfig? Vision { get; init; }

    /// <summary>
    /// Frequencies of a head that turn by time, row and column of a token (M-RoPE); their sum is half of <see cref="HeadDim"/>. Empty for a model
    /// of text alone, where all turn by the token's place.
    /// </summary>
    public IReadOnlyList<int> RopeSections { get; init; } = [];

    /// <summary>Stands for one token of an image.</summary>
    public int ImageTokenId { get; init; } = -1;

    public int VideoTokenId { get; init; } = -1;

    /// <summary>Stands before an image's tokens.</summary>
    public int VisionStartTokenId { get; init; } = -1;

    /// <summary>Stands behind an image's tokens.</summary>
    public int VisionEndTokenId { get; init; } = -1;

    public int KeyValueSize => NumKeyValueHeads * HeadDim;

    public int QuerySize => NumAttentionHeads * HeadDim;

    /// <summary>Number of weights.</summary>
    public long ParameterCount
    {
        get
        {
            long d = HiddenSize, q = QuerySize, kv = KeyValueSize;
            var attention = (d * (q + (2 * kv))) + (q * d) + (AttentionBias ? q + (2 * kv) : 0) + (QueryKeyNorm ? 2 * HeadDim : 0);
            var layer = attention + (3 * d * IntermediateSize) + (2 * d);
            return ((TieWordEmbeddings ? 1L : 2L) * VocabSize * d) + (NumHiddenLayers * layer) + d + (Vision?.ParameterCount ?? 0);
        }
    }

    /// <summary>The file as it was read, with the fields nobody here knows; null for a config made in memory.</summary>
    internal string? SourceText { get; init; }

    /// <exception cref="FileNotFoundException">The directory has no config.json.</exception>
    /// <exception cref="ModelFormatException">A field is missing, wrong, or asks for what this code cannot compute.</exception>
    public static ModelConfig Load(string directory) => Read(Path.Combine(directory, FileName));

    /// <summary>As <see cref="Load"/>, of a file that may have any name.</summary>
    public static ModelConfig Read(string file) => ModelConfigReader.Read(file);

    /// <summary>config.json's text: what was read, with only the weights' type changed where that differs; or a new file.</summary>
    public string ToJson(string dtype)
    {
        if (SourceText is null)
        {
            return ModelConfigWriter.New(this, dtype);
        }

        if (string.Equals(dtype, DType, StringComparison.Ordinal))
        {
            return SourceText;
        }

        var json = JsonNode.Parse(SourceText)!.AsObject();
        json[json.ContainsKey("torch_dtype") ? "torch_dtype" : "dtype"] = dtype;
        foreach (var part in (string[])["text_config", "vision_config"])
        {
            foreach (var name in (string[])["torch_dtype", "dtype"])
            {
                if (json[part] is JsonObject nested && nested.ContainsKey(name))
                {
                    nested[name] = dtype;
                }
            }
        }

        return json.ToJsonString(ModelConfigWriter.Indented) + "\n";
    }
}

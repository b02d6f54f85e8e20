namespace Cpt.Models;

/// <summary>
/// How weights lie in memory. Matrices that read the same input are stored as one (q, k, v; gate, up), so that one matrix product
/// does the work of several; on disk they keep their Hugging Face names (<see cref="WeightNames"/>).
/// </summary>
/// <param name="Name">Name of the trained tensor.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Parts">What it holds on disk, from row 0 on; together they have all rows.</param>
/// <param name="Start">How a new model's values are drawn.</param>
internal sealed record WeightLayout(string Name, long[] Shape, IReadOnlyList<WeightLayout.Part> Parts, WeightLayout.Initial Start)
{
    public const string EmbeddingName = "model.embed_tokens.weight";

    public enum Initial
    {
        Zeros,
        Ones,
        Normal,
    }

    /// <summary>All trained tensors of a model, in the order of the forward pass.</summary>
    public static IReadOnlyList<WeightLayout> Of(ModelConfig config)
    {
        long d = config.HiddenSize, q = config.QuerySize, kv = config.KeyValueSize, f = config.IntermediateSize;
        List<WeightLayout> layouts = [.. config.Vision is { } vision ? VisionWeights.Of(vision) : [], Single(EmbeddingName, [config.VocabSize, d], Initial.Normal)];
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var attention = prefix + "self_attn.";
            layouts.Add(Single(prefix + "input_layernorm.weight", [d], Initial.Ones));
            layouts.Add(Merged(attention + "qkv_proj.weight", [q + kv + kv, d], Initial.Normal, (attention + "q_proj.weight", q), (attention + "k_proj.weight", kv), (attention + "v_proj.weight", kv)));
            if (config.AttentionBias)
            {
                layouts.Add(Merged(attention + "qkv_proj.bias", [q + kv + kv], Initial.Zeros, (attention + "q_proj.bias", q), (attention + "k_proj.bias", kv), (attention + "v_proj.bias", kv)));
            }

            if (config.QueryKeyNorm)
            {
                layouts.Add(Single(attention + "q_norm.weight", [config.HeadDim], Initial.Ones));
                layouts.Add(Single(attention + "k_norm.weight", [config.HeadDim], Initial.Ones));
            }

            layouts.Add(Single(attention + "o_proj.weight", [d, q], Initial.Normal));
            layouts.Add(Single(prefix + "post_attention_layernorm.weight", [d], Initial.Ones));
            layouts.Add(Merged(prefix + "mlp.gate_up_proj.weight", [f + f, d], Initial.Normal, (prefix + "mlp.gate_proj.weight", f), (prefix + "mlp.up_proj.weight", f)));
            layouts.Add(Single(prefix + "mlp.down_proj.weight", [d, f], Initial.Normal));
        }

        layouts.Add(Single("model.norm.weight", [d], Initial.Ones));
        if (!config.TieWordEmbeddings)
        {
            layouts.Add(Single("lm_head.weight", [config.VocabSize, d], Initial.Normal));
        }

        return layouts;
    }

    /// <summary>Shape of one part on disk.</summary>
    public long[] ShapeOf(Part part) => [part.Rows, .. Shape.AsSpan(1)];

    internal static WeightLayout Single(string name, long[] shape, Initial start) => new(name, shape, [new Part(name, 0, shape[0])], start);

    internal static WeightLayout Merged(string name, long[] shape, Initial start, params ReadOnlySpan<(string Name, long Rows)> parts)
    {
        var placed = new List<Part>();
        var first = 0L;
        foreach (var (part, rows) in parts)
        {
            placed.Add(new Part(part, first, rows));
            first += rows;
        }

        return new WeightLayout(name, shape, placed, start);
    }

    /// <param name="Name">Name on disk.</param>
    /// <param name="FirstRow">Where it begins in the trained tensor.</param>
    /// <param name="Rows">How many rows it has.</param>
    public readonly record struct Part(string Name, long FirstRow, long Rows);
}

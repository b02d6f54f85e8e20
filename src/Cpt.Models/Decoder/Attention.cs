using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>Grouped-query attention (Ainslie et al. 2023): each key/value head serves a group of query heads.</summary>
internal static class Attention
{
    /// <param name="qkv">[B·T, (heads + 2·groups)·headDim].</param>
    /// <param name="config">Head counts and sizes.</param>
    /// <param name="layer">Weights of the optional q/k norms, and the layer's number for the cache.</param>
    /// <param name="batch">Positions, padding and cache.</param>
    /// <returns>[B·T, heads·headDim].</returns>
    public static Tensor Forward(Tensor qkv, ModelConfig config, DecoderLayer layer, SequenceBatch batch)
    {
        if (batch.Groups is { } groupsOfRows)
        {
            return OfEach(qkv, config, layer, groupsOfRows);
        }

        long heads = config.NumAttentionHeads, groups = config.NumKeyValueHeads;
        var all = qkv.view(batch.Rows, batch.Columns, heads + (2 * groups), config.HeadDim);
        if (!batch.ByLibrary && batch.Hidden is null && !config.QueryKeyNorm && batch.Cache is null or { TakesProjections: true })
        {
            var attended = batch.Cache is null
                ? rope_attention(all, batch.Cos, batch.Sin, heads, batch.Starts)
                : batch.Cache.Attend(layer.Index, all, batch.Cos, batch.Sin, heads);
            return attended.view(batch.Rows * batch.Columns, config.QuerySize);
        }

        // Nothing that is cached is trained on.
        Func<Tensor, Tensor, Tensor, Tensor> turn = batch is { ByLibrary: true, Cache: not null } ? rope_unrecorded : rope;
        Tensor q, k, v;
        if (config.QueryKeyNorm)
        {
            var parts = all.split([heads, groups, groups], 2);
            q = turn(rms_norm(parts[0], layer.QueryNorm!, config.RmsNormEps), batch.Cos, batch.Sin);
            k = turn(rms_norm(parts[1], layer.KeyNorm!, config.RmsNormEps), batch.Cos, batch.Sin);
            v = parts[2];
        }
        else
        {
            var parts = all.split([heads + groups, groups], 2);
            var turned = turn(parts[0], batch.Cos, batch.Sin).split([heads, groups], 2);
            (q, k, v) = (turned[0], turned[1], parts[1]);
        }

        var result = batch switch
        {
            { Cache: { } cache } => cache.Attend(layer.Index, q, k, v, batch.Mask),
            { Hidden: { } hidden } => WithHoles(q, k, v, hidden),
            { ByLibrary: true } => LibraryAttention.Forward(q, k, v, batch.Mask),
            _ => attention(q, k, v, batch.Starts),
        };
        return result.view(batch.Rows * batch.Columns, config.QuerySize);
    }

    private static Tensor OfEach(Tensor qkv, ModelConfig config, DecoderLayer layer, IReadOnlyList<SequenceBatch> groups)
    {
        var results = new List<Tensor>(groups.Count);
        var first = 0L;
        foreach (var group in groups)
        {
            var tokens = group.Rows * group.Columns;
            results.Add(Forward(qkv.narrow(0, first, tokens), config, layer, group));
            first += tokens;
        }

        return results.Count == 1 ? results[0] : torch.cat(results.ToArray());
    }

    /// <summary>Whole sequences whose padding may stand anywhere, in single steps.</summary>
    private static Tensor WithHoles(Tensor q, Tensor k, Tensor v, Tensor hidden)
    {
        var (rows, columns, share) = (q.size(0), q.size(1), q.size(2) / k.size(2));
        var future = torch.ones([columns, columns], ScalarType.Bool, q.device).triu(1);
        var unseen = hidden.view(rows, 1, 1, columns).logical_or(future);
        var keys = k.repeat_interleave(share, 2).permute(0, 2, 3, 1); // [B, heads, headDim, T]
        var scores = q.transpose(1, 2).matmul(keys) / Math.Sqrt(q.size(3));

        // Finite, as in transformers: a query that may see nothing averages all values and stays a number.
        var weights = scores.masked_fill(unseen, -3.4028234663852886e38).softmax(-1, ScalarType.Float32).to(v.dtype);
        return weights.matmul(v.repeat_interleave(share, 2).transpose(1, 2)).transpose(1, 2).contiguous();
    }
}

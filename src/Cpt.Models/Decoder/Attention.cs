using Cpt.Torch;

namespace Cpt.Models;

/// <summary>Grouped-query attention (Ainslie et al. 2023): each key/value head serves a group of query heads.</summary>
internal static class Attention
{
    /// <param name="qkv">[B·T, (heads + 2·keyValueHeads)·headDim].</param>
    /// <param name="config">Head counts and sizes.</param>
    /// <param name="layer">Weights of the optional q/k norms, and the layer's number for the cache.</param>
    /// <param name="batch">Positions, mask and cache.</param>
    /// <returns>[B·T, heads·headDim].</returns>
    public static Tensor Forward(Tensor qkv, ModelConfig config, DecoderLayer layer, SequenceBatch batch)
    {
        int heads = config.NumAttentionHeads, groups = config.NumKeyValueHeads, size = config.HeadDim;
        long b = batch.Rows, t = batch.Columns;
        var split = qkv.view(b, t, heads + (2 * groups), size);
        Tensor q, k;
        if (config.QueryKeyNorm)
        {
            q = Kernels.Rotate(Kernels.RmsNorm(split.narrow(2, 0, heads), layer.QueryNorm!, config.RmsNormEps), batch.Cos, batch.Sin);
            k = Kernels.Rotate(Kernels.RmsNorm(split.narrow(2, heads, groups), layer.KeyNorm!, config.RmsNormEps), batch.Cos, batch.Sin);
        }
        else
        {
            var turned = Kernels.Rotate(split.narrow(2, 0, heads + groups), batch.Cos, batch.Sin);
            q = turned.narrow(2, 0, heads);
            k = turned.narrow(2, heads, groups);
        }

        k = k.transpose(1, 2); // [b, groups, t, size]
        var v = split.narrow(2, heads + groups, groups).transpose(1, 2);
        if (batch.Cache is { } cache)
        {
            (k, v) = cache.Append(layer.Index, k, v); // [b, groups, s, size]
        }

        var s = k.size(2);
        var share = heads / groups;
        q = q.view(b, t, groups, share, size).permute(0, 2, 3, 1, 4).reshape(b * groups, share * t, size);
        var scores = q.bmm(k.reshape(b * groups, s, size).transpose(1, 2)) * (1 / Math.Sqrt(size)); // [b·groups, share·t, s]
        if (batch.Mask is not null)
        {
            scores = scores.view(b, groups, share, t, s) + batch.Mask.to(scores.dtype);
        }

        var weights = scores.view(b * groups, share * t, s).softmax(-1, ScalarType.Float32).to(v.dtype);
        return weights.bmm(v.reshape(b * groups, s, size)) // [b·groups, share·t, size]
            .view(b, groups, share, t, size).permute(0, 3, 1, 2, 4).reshape(b * t, heads * size);
    }
}

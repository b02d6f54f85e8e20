using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>
/// Attention by libtorch's own kernels, for devices that ours do not run on: flash attention on CUDA, which never writes the scores to memory.
/// </summary>
internal static class LibraryAttention
{
    /// <param name="q">[B, T, heads, headDim], turned.</param>
    /// <param name="k">[B, S, groups, headDim], turned: earlier columns and the new ones, S ≥ T.</param>
    /// <param name="v">As <paramref name="k"/>.</param>
    /// <param name="mask">Of <see cref="Mask"/>; null: every row is real from its first column on.</param>
    /// <returns>[B, T, heads, headDim], contiguous.</returns>
    public static Tensor Forward(Tensor q, Tensor k, Tensor v, Tensor? mask)
    {
        using var scope = torch.NewDisposeScope();
        var (rows, columns, heads, size) = (q.size(0), q.size(1), q.size(2), q.size(3));
        var groups = k.size(2);
        var share = heads / groups;
        var (keys, values) = (k.transpose(1, 2), v.transpose(1, 2)); // [B, groups, S, headDim]
        if (columns == 1)
        {
            // A query sees all there is, so the heads of a group can stand as queries side by side: the keys are read once for all of them.
            var queries = q.reshape(rows, groups, share, size);
            return scaled_dot_product_attention(queries, keys, values, mask).reshape(rows, 1, heads, size).MoveToOuterDisposeScope();
        }

        if (mask is not null && share > 1)
        {
            // No kernel takes a mask and grouped heads.
            (keys, values) = (k.repeat_interleave(share, 2).transpose(1, 2), v.repeat_interleave(share, 2).transpose(1, 2));
        }

        var causal = mask is null && columns == k.size(1);
        mask ??= causal ? null : Mask(null, rows, columns, k.size(1) - columns, q.dtype, q.device);
        return scaled_dot_product_attention(q.transpose(1, 2), keys, values, mask, causal, enable_gqa: mask is null && share > 1)
            .transpose(1, 2).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Every query sees every key.</summary>
    /// <param name="q">[B, T, heads, headDim].</param>
    /// <param name="k">As <paramref name="q"/>.</param>
    /// <param name="v">As <paramref name="q"/>.</param>
    /// <returns>[B, T, heads, headDim], contiguous.</returns>
    public static Tensor AllWays(Tensor q, Tensor k, Tensor v)
    {
        using var scope = torch.NewDisposeScope();
        return scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)).transpose(1, 2).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>What is added to the scores: 0 where query i may see key j, −∞ elsewhere. Made once for all layers.</summary>
    /// <remarks>Every query sees itself: one that saw nothing, inside the padding, would come out as NaN, and NaN spreads by way of its value.</remarks>
    /// <param name="starts">Int64 [B]: the length of each row's left padding; null where there is none.</param>
    /// <param name="rows">B.</param>
    /// <param name="columns">T: queries, the last ones.</param>
    /// <param name="past">Keys before the first query's own.</param>
    /// <param name="dtype">Of queries and keys.</param>
    /// <param name="device">Where they are.</param>
    /// <returns>[B or 1, 1, T, past + T].</returns>
    public static Tensor Mask(Tensor? starts, long rows, long columns, long past, ScalarType dtype, Device device)
    {
        using var scope = torch.NewDisposeScope();
        var keys = torch.arange(past + columns, device: device); // [S]
        var own = torch.arange(past, past + columns, 1, device: device).view(1, 1, columns, 1);
        var visible = keys.le(own); // [1, 1, T, S]
        if (starts is not null)
        {
            visible = visible.logical_and(keys.ge(starts.view(rows, 1, 1, 1))).logical_or(keys.eq(own));
        }

        // The kernels want rows of scores to begin at multiples of 16 bytes; a mask that is not laid out so is copied by every layer.
        var width = (past + columns + 7) / 8 * 8;
        var mask = torch.zeros([visible.size(0), 1, columns, width], dtype, device).narrow(3, 0, past + columns);
        return mask.masked_fill_(visible.logical_not(), double.NegativeInfinity).MoveToOuterDisposeScope();
    }
}

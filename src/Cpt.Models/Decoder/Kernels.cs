using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// Cpt.Torch's operators for the pieces of a decoder. Each runs a fused kernel on float32 tensors of the CPU and single steps of libtorch on
/// all others.
/// </summary>
internal static class Kernels
{
    /// <summary>Floats that the kernels work on at a time; a head of another width takes the single steps.</summary>
    public const int Lanes = 8;

    private static readonly Op s_rmsNorm = new("cpt::rms_norm");
    private static readonly Op s_rope = new("cpt::rope");
    private static readonly Op s_swiGlu = new("cpt::swiglu");
    private static readonly Op s_attention = new("cpt::attention");
    private static readonly Op s_cachedAttention = new("cpt::cached_attention_");

    /// <summary>x / √(mean(x²) + eps) · weight over the last dimension.</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double eps) => s_rmsNorm.Call(x, weight, eps);

    /// <summary>silu(gate) · up, of [n, 2F] with gate first → [n, F].</summary>
    public static Tensor SwiGlu(Tensor gateUp)
    {
        var halves = gateUp.split(gateUp.size(-1) / 2, -1);
        return s_swiGlu.Call(halves[0], halves[1]);
    }

    /// <summary>x [B, T, heads, headDim] turned by position, element i with element i + headDim/2.</summary>
    /// <param name="x">Queries and keys.</param>
    /// <param name="cos">[T, headDim/2] or [B, T, headDim/2].</param>
    /// <param name="sin">As <paramref name="cos"/>.</param>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin) => s_rope.Call(x, cos, sin);

    /// <summary>Causal attention with grouped heads.</summary>
    /// <param name="q">[B, T, heads, headDim].</param>
    /// <param name="k">[B, S, groups, headDim], S ≥ T; the last query sees all of them.</param>
    /// <param name="v">As <paramref name="k"/>.</param>
    /// <param name="starts">Int64 [B], length of left padding, or null.</param>
    /// <returns>[B, T, heads, headDim]; a query that may see nothing gives 0.</returns>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, Tensor? starts) => s_attention.Call(q, k, v, starts, Scale(q), true);

    /// <summary>Adds keys and values to a packed cache behind the <paramref name="past"/> there are, and attends to all. No gradients.</summary>
    /// <param name="q">[B, T, heads, headDim].</param>
    /// <param name="k">[B, T, groups, headDim].</param>
    /// <param name="v">As <paramref name="k"/>.</param>
    /// <param name="keys">[B, groups, capacity/8, headDim, 8].</param>
    /// <param name="values">[B, groups, capacity, headDim].</param>
    /// <param name="past">Columns in the cache.</param>
    /// <param name="starts">As in <see cref="Attention"/>.</param>
    public static Tensor CachedAttention(Tensor q, Tensor k, Tensor v, Tensor keys, Tensor values, long past, Tensor? starts) =>
        s_cachedAttention.Call(q, k, v, keys, values, past, starts, Scale(q));

    public static double Scale(Tensor q) => 1 / Math.Sqrt(q.size(3));
}

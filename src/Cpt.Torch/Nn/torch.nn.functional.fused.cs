namespace Cpt.Torch;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>The pieces of a decoder in one pass each: kernels of the shim for float32 on the CPU, ATen's operators elsewhere.</summary>
        /// <remarks>
        /// Results are the same bits for any number of threads. A forward pass in this order copies and transposes nothing:
        /// <c>rms_norm → linear (q, k and v in one) → view [b, t, heads + 2·kv heads, d] → rope_attention → view [b·t, heads·d] → linear → + →
        /// rms_norm → linear (gate and up in one) → swiglu → linear → +</c>, and <c>token_log_probs</c> of the logits at its end. Decoding puts
        /// <see cref="rope_cached_attention_"/> in the place of <see cref="rope_attention"/>. Models with something between projection and
        /// rotation (q and k norms) take <see cref="rope"/> and <see cref="attention"/> apart.
        /// </remarks>
        public static partial class functional
        {
            private static readonly Op s_rmsNorm = new("cpt::rms_norm"), s_rope = new("cpt::rope"), s_ropeUnrecorded = new("cpt::rope_unrecorded"), s_swiglu = new("cpt::swiglu"), s_packedSwiglu = new("cpt::swiglu", "packed"), s_logProbs = new("cpt::token_log_probs");
            private static readonly Op s_fusedAttention = new("cpt::attention"), s_cachedAttention = new("cpt::cached_attention_");
            private static readonly Op s_ropeAttention = new("cpt::rope_attention"), s_ropeCachedAttention = new("cpt::rope_cached_attention_");

            /// <summary>weight · x / √(mean(x²) + eps) along the last dimension.</summary>
            /// <param name="x">[..., d].</param>
            /// <param name="weight">[d].</param>
            /// <param name="eps">Added to the mean of squares.</param>
            public static Tensor rms_norm(Tensor x, Tensor weight, double eps) => s_rmsNorm.Call(x, weight, eps);

            /// <summary>Rotary position embedding in the half-rotation form: (x₁, x₂) → (x₁·cos − x₂·sin, x₂·cos + x₁·sin), x₁ and x₂ the halves of the last dimension.</summary>
            /// <param name="x">[batch, time, heads, d]; may be a view into a larger projection.</param>
            /// <param name="cos">[time, d/2], or [batch, time, d/2] where rows have positions of their own (left padding).</param>
            /// <param name="sin">As <paramref name="cos"/>.</param>
            public static Tensor rope(Tensor x, Tensor cos, Tensor sin) => s_rope.Call(x, cos, sin);

            /// <summary><see cref="rope"/> without a backward pass, in fewer kernels where ATen's operators do it: for decoding. Half-precision results are rounded once less.</summary>
            /// <inheritdoc cref="rope"/>
            public static Tensor rope_unrecorded(Tensor x, Tensor cos, Tensor sin) => s_ropeUnrecorded.Call(x, cos, sin);

            /// <summary>silu(gate) · up.</summary>
            public static Tensor swiglu(Tensor gate, Tensor up) => s_swiglu.Call(gate, up);

            /// <summary>silu(gate) · up of one projection [..., 2·f], gate first → [..., f]; its gradient comes as one tensor too.</summary>
            public static Tensor swiglu(Tensor gate_up) => s_packedSwiglu.Call(gate_up);

            /// <summary>log softmax(logits)[target] of every row; minus it is the cross entropy.</summary>
            /// <param name="logits">[n, vocabulary].</param>
            /// <param name="targets">Int64 [n]; a negative one (−100) gives 0 and no gradient.</param>
            /// <returns>[n].</returns>
            public static Tensor token_log_probs(Tensor logits, Tensor targets) => s_logProbs.Call(logits, targets);

            /// <summary>softmax(scale · q·kᵀ)·v with grouped heads, left padding and a causal mask.</summary>
            /// <param name="q">[batch, t, heads, d]; d a multiple of 8 for the fast kernel.</param>
            /// <param name="k">[batch, s, kv heads, d], s ≥ t: query i is the key s − t + i.</param>
            /// <param name="v">As <paramref name="k"/>.</param>
            /// <param name="start">Int64 [batch]: each row's first real key, the length of its left padding; null where there is none.
            /// A query inside the padding gets the mean of all values, as in Hugging Face's eager attention.</param>
            /// <param name="scale">1 / √d where null.</param>
            /// <param name="causal">Whether a query sees only keys up to its own.</param>
            /// <returns>[batch, t, heads, d], contiguous.</returns>
            public static Tensor attention(Tensor q, Tensor k, Tensor v, Tensor? start = null, double? scale = null, bool causal = true) =>
                s_fusedAttention.Call(q, k, v, start, scale ?? 1 / Math.Sqrt(q.size(-1)), causal);

            /// <summary>Causal <see cref="attention"/> of one projection, q and k turned by <see cref="rope"/>: forward and backward copy nothing apart.</summary>
            /// <param name="qkv">[batch, t, heads + 2·kv heads, d]: query heads, key heads, value heads.</param>
            /// <param name="cos">As in <see cref="rope"/>.</param>
            /// <param name="sin">As in <see cref="rope"/>.</param>
            /// <param name="heads">Query heads.</param>
            /// <param name="start">As in <see cref="attention"/>.</param>
            /// <param name="scale">1 / √d where null.</param>
            /// <returns>[batch, t, heads, d], contiguous.</returns>
            public static Tensor rope_attention(Tensor qkv, Tensor cos, Tensor sin, long heads, Tensor? start = null, double? scale = null) =>
                s_ropeAttention.Call(qkv, cos, sin, heads, start, scale ?? 1 / Math.Sqrt(qkv.size(-1)));

            /// <summary>Makes an empty cache for <see cref="cached_attention_"/>: float32 on the CPU, uninitialised.</summary>
            /// <remarks>Rows can be dropped with <c>index_select(0, …)</c> on both, and repeated the same way.</remarks>
            /// <param name="batch">Rows.</param>
            /// <param name="kv_heads">Key and value heads.</param>
            /// <param name="capacity">Keys a row may come to; rounded up to a multiple of 8.</param>
            /// <param name="d">Width of a head, a multiple of 8.</param>
            public static (Tensor k_cache, Tensor v_cache) kv_cache(long batch, long kv_heads, long capacity, long d)
            {
                var panels = (capacity + 7) / 8;
                return (empty([batch, kv_heads, panels, d, 8]), empty([batch, kv_heads, panels * 8, d]));
            }

            /// <summary>A step of decoding: stores t new keys and values behind <paramref name="past"/> earlier ones and attends to all of them causally.</summary>
            /// <remarks>Under <see cref="no_grad"/> or <see cref="inference_mode"/> only. The first call may bring a whole prompt (t = its length, past = 0).</remarks>
            /// <param name="q">[batch, t, heads, d].</param>
            /// <param name="k">[batch, t, kv heads, d], after rope.</param>
            /// <param name="v">As <paramref name="k"/>.</param>
            /// <param name="k_cache">From <see cref="kv_cache"/>; changed.</param>
            /// <param name="v_cache">From <see cref="kv_cache"/>; changed.</param>
            /// <param name="past">Keys there already, the padding included.</param>
            /// <param name="start">Int64 [batch]: the length of each row's left padding; null where there is none.</param>
            /// <param name="scale">1 / √d where null.</param>
            /// <returns>[batch, t, heads, d]; zeros for queries inside the padding.</returns>
            public static Tensor cached_attention_(Tensor q, Tensor k, Tensor v, Tensor k_cache, Tensor v_cache, long past, Tensor? start = null, double? scale = null) =>
                s_cachedAttention.Call(q, k, v, k_cache, v_cache, past, start, scale ?? 1 / Math.Sqrt(q.size(-1)));

            /// <summary><see cref="cached_attention_"/> of one projection, q and k turned by <see cref="rope"/>; parameters as there and in <see cref="rope_attention"/>.</summary>
            public static Tensor rope_cached_attention_(
                Tensor qkv, Tensor cos, Tensor sin, long heads, Tensor k_cache, Tensor v_cache, long past, Tensor? start = null, double? scale = null) =>
                s_ropeCachedAttention.Call(qkv, cos, sin, heads, k_cache, v_cache, past, start, scale ?? 1 / Math.Sqrt(qkv.size(-1)));
        }
    }
}

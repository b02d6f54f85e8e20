namespace Cpt.Torch;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Stateless pieces of networks.</summary>
        public static partial class functional
        {
            private static readonly Op s_attention = new("aten::scaled_dot_product_attention");

            private static readonly Lazy<bool> s_hasAttention = new(() => Op.Has("aten::scaled_dot_product_attention"));

            private static readonly Lazy<bool> s_groupsHeads = new(() => s_hasAttention.Value && s_attention.Schema.Contains("enable_gqa", StringComparison.Ordinal));

            /// <summary>input [..., in] · weightᵀ [in, out] + bias [out] → [..., out].</summary>
            public static Tensor linear(Tensor input, Tensor weight, Tensor? bias = null) => Ops.Linear.Call(input, weight, bias);

            /// <summary>Rows of weight [vocabulary, width] by Int64 ids [...] → [..., width].</summary>
            public static Tensor embedding(Tensor ids, Tensor weight) => Ops.Embedding.Call(weight, ids);

            public static Tensor silu(Tensor input) => input.silu();

            public static Tensor softmax(Tensor input, long dim) => input.softmax(dim);

            public static Tensor log_softmax(Tensor input, long dim) => input.log_softmax(dim);

            /// <summary>Mean −log softmax(logits [n, classes])[target [n]] over targets that are not <paramref name="ignore_index"/>.</summary>
            /// <param name="logits">[n, classes].</param>
            /// <param name="target">Int64 [n].</param>
            /// <param name="reduction">mean, sum or none.</param>
            /// <param name="ignore_index">Targets that do not count.</param>
            public static Tensor cross_entropy(Tensor logits, Tensor target, Reduction reduction = Reduction.Mean, long ignore_index = -100) =>
                Ops.CrossEntropy.Call(logits, target, Argument.None, (long)reduction, ignore_index, 0.0);

            /// <summary>softmax(query · keyᵀ / √d + mask) · value.</summary>
            /// <remarks>libtorch's own where it has one (2.0 and newer), else the same in single steps.</remarks>
            /// <param name="query">[..., queries, d].</param>
            /// <param name="key">[..., keys, d].</param>
            /// <param name="value">[..., keys, d].</param>
            /// <param name="attn_mask">Bool (true takes part) or added to the scores; broadcasts to [..., queries, keys].</param>
            /// <param name="is_causal">Query i sees keys up to i.</param>
            /// <param name="scale">1 / √d where null.</param>
            /// <param name="enable_gqa">Key and value may have fewer heads (dimension −3) than the query; each serves a group of query heads.</param>
            public static Tensor scaled_dot_product_attention(
                Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, bool is_causal = false, double? scale = null, bool enable_gqa = false)
            {
                if (scale is null && s_hasAttention.Value && (!enable_gqa || s_groupsHeads.Value))
                {
                    return enable_gqa
                        ? s_attention.Call(query, key, value, attn_mask, 0.0, is_causal, Argument.None, true)
                        : s_attention.Call(query, key, value, attn_mask, 0.0, is_causal);
                }

                using var scope = NewDisposeScope();
                if (enable_gqa)
                {
                    var share = query.size(-3) / key.size(-3);
                    (key, value) = (key.repeat_interleave(share, -3), value.repeat_interleave(share, -3));
                    if (scale is null && s_hasAttention.Value) return s_attention.Call(query, key, value, attn_mask, 0.0, is_causal).MoveToOuterDisposeScope();
                }

                var factor = scale ?? 1 / Math.Sqrt(query.size(-1));
                var scores = (query * factor).matmul(key.transpose(-2, -1));
                if (is_causal) scores = scores.masked_fill(ones([query.size(-2), key.size(-2)], ScalarType.Bool, query.device).tril().logical_not(), double.NegativeInfinity);
                if (attn_mask is not null)
                    scores = attn_mask.dtype == ScalarType.Bool ? scores.masked_fill(attn_mask.logical_not(), double.NegativeInfinity) : scores + attn_mask;
                return scores.softmax(-1).matmul(value).MoveToOuterDisposeScope();
            }
        }
    }
}

/// <summary>What a loss does with its single values; the numbers are libtorch's own.</summary>
public enum Reduction
{
    None = 0,
    Mean = 1,
    Sum = 2,
}

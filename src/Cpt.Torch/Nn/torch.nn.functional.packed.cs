namespace Cpt.Torch;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Op s_packLinear = new("cpt::pack_linear"), s_packedLinear = new("cpt::packed_linear");

            /// <summary>A linear layer's weight in the order <see cref="packed_linear"/> reads it: a copy, to be made again when the weight changes.</summary>
            /// <param name="weight">Float32 [n, k] on the CPU.</param>
            /// <returns>[⌈n/8⌉, k, 8].</returns>
            public static Tensor pack_linear(Tensor weight) => s_packLinear.Call(weight);

            /// <summary>x · weightᵀ + bias + add with packed weights: up to four times as fast as <see cref="linear"/> where there are few rows.</summary>
            /// <remarks>
            /// For decoding, under <see cref="no_grad"/> or <see cref="inference_mode"/>. A row of the result has the same bits whatever rows stand
            /// beside it and however many threads there are, which a BLAS does not promise.
            /// </remarks>
            /// <param name="x">Float32 [..., k] on the CPU.</param>
            /// <param name="panels">From <see cref="pack_linear"/>.</param>
            /// <param name="n">Columns of the result, as the panels do not tell how many of the last eight count.</param>
            /// <param name="bias">[n], or null.</param>
            /// <param name="add">[..., n], such as the residual stream, or null.</param>
            /// <returns>[..., n].</returns>
            public static Tensor packed_linear(Tensor x, Tensor panels, long n, Tensor? bias = null, Tensor? add = null) => s_packedLinear.Call(x, panels, n, bias, add);
        }
    }
}

namespace Cpt.Torch;

public static partial class torch
{
    public static partial class nn
    {
        public static class utils
        {
            private static readonly Op s_norms = new("aten::_foreach_norm", "Scalar");

            /// <summary>Scales all gradients by min(1, max_norm / (norm + 1e-6)), so that their common length is at most <paramref name="max_norm"/>.</summary>
            /// <param name="parameters">Those without a gradient are passed over.</param>
            /// <param name="max_norm">Infinity measures only.</param>
            /// <returns>The length before, √Σ‖g‖². Where it is not finite the gradients are left as they are: the caller stops.</returns>
            public static double clip_grad_norm_(IReadOnlyList<Tensor> parameters, double max_norm)
            {
                using var scope = NewDisposeScope();
                using var unrecorded = no_grad();
                Tensor[] gradients = [.. parameters.Select(parameter => parameter.grad).OfType<Tensor>()];
                if (gradients.Length == 0) return 0;

                var norms = stack(ForEach.Call(s_norms, gradients, 2));
                // Half-precision gradients have half-precision norms; their sum of squares must not be rounded to eight bits once more.
                if (norms.dtype is ScalarType.Float16 or ScalarType.BFloat16) norms = norms.to(ScalarType.Float32);
                var total = norms.norm().item<double>();
                var factor = max_norm / (total + 1e-6);
                if (double.IsFinite(total) && factor < 1) ForEach.Scale(gradients, factor);
                return total;
            }
        }
    }
}

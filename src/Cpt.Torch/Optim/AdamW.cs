using System.Globalization;

namespace Cpt.Torch;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, 2019).</summary>
        /// <remarks>
        /// <para>p ← p·(1 − lr·λ);  m ← m + (1 − β₁)(g − m);  v ← β₂·v + (1 − β₂)·g²;
        /// p ← p − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε), as in PyTorch.</para>
        /// <para>Works on all parameters by a handful of list operators. Where a fused step applies (the shim's for float32 on the CPU, libtorch's on
        /// CUDA) it reads and writes every value once instead.</para>
        /// <para>A bfloat16 weight of 1 does not move by less than 1/256: an update of 1e-6 would be lost. With master weights the sum is kept in float32 beside the
        /// parameter, which is its rounded copy.</para>
        /// </remarks>
        public sealed partial class AdamW : IDisposable
        {
            private readonly Tensor[] _parameters;
            private readonly Tensor[] _means;
            private readonly Tensor[] _squares;

            /// <summary>Float32 beside each half-precision parameter; null where none are kept.</summary>
            private readonly Tensor[]? _masters;

            /// <param name="parameters">Leaves; their order gives the moments their names.</param>
            /// <param name="lr">The learning rate, until <see cref="LearningRate"/> is set.</param>
            /// <param name="beta1">Decay of the mean of gradients.</param>
            /// <param name="beta2">Decay of the mean of their squares.</param>
            /// <param name="eps">Added to the root, against a division by zero.</param>
            /// <param name="weight_decay">λ.</param>
            /// <param name="master_weights">Half-precision parameters get float32 master weights.</param>
            /// <param name="moments">Element type of the moments; null: that of the parameter, float32 beside half-precision ones.</param>
            /// <param name="offload">Moments and master weights stay in the host's memory, and visit the parameters' device one parameter at a time. Same results.</param>
            public AdamW(
                IEnumerable<Tensor> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 1e-2,
                bool master_weights = false, ScalarType? moments = null, bool offload = false)
            {
                _parameters = [.. parameters];
                LearningRate = lr;
                Beta1 = beta1;
                Beta2 = beta2;
                Epsilon = eps;
                WeightDecay = weight_decay;
                _means = Array.ConvertAll(_parameters, parameter => Moment(parameter, moments));
                _squares = Array.ConvertAll(_parameters, parameter => Moment(parameter, moments));
                _masters = master_weights && Array.Exists(_parameters, IsHalf) ? Array.ConvertAll(_parameters, Master) : null;
                _offload = offload;
                if (offload) MoveToHost();
            }

            /// <summary>Set before a step by whoever keeps the schedule.</summary>
            public double LearningRate { get; set; }

            public double Beta1 { get; }

            public double Beta2 { get; }

            public double Epsilon { get; }

            public double WeightDecay { get; }

            /// <summary>Steps done; part of the state, as the bias corrections depend on it.</summary>
            public long Steps { get; set; }

            /// <summary>One update of every parameter that has a gradient.</summary>
            public void step()
            {
                using var scope = NewDisposeScope();
                using var unrecorded = no_grad();
                Steps++;
                if (_offload)
                {
                    StepOffloaded();
                    return;
                }

                if (_masters is not null)
                {
                    StepMasters(_masters);
                    return;
                }

                var (parameters, gradients, means, squares) = WithGradients();
                if (parameters.Length > 0) Step(parameters, gradients, means, squares);
            }

            /// <summary>Forgets the gradients; the next backward pass makes new ones.</summary>
            public void zero_grad()
            {
                foreach (var parameter in _parameters) parameter.grad = null;
            }

            /// <summary>The moments under <c>exp_avg.N</c> and <c>exp_avg_sq.N</c>, N being the parameter's place, and master weights under <c>master.N</c>. They are the live tensors.</summary>
            public IReadOnlyDictionary<string, Tensor> state_dict()
            {
                var state = new Dictionary<string, Tensor>(StringComparer.Ordinal);
                for (var i = 0; i < _parameters.Length; i++)
                {
                    state.Add(Name("exp_avg", i), _means[i]);
                    state.Add(Name("exp_avg_sq", i), _squares[i]);
                    if (_masters is not null && IsHalf(_parameters[i])) state.Add(Name("master", i), _masters[i]);
                }

                return state;
            }

            /// <summary>Copies saved moments in; <see cref="Steps"/> is the caller's to set.</summary>
            /// <exception cref="ArgumentException">A moment is missing or has another shape.</exception>
            public void load_state_dict(IReadOnlyDictionary<string, Tensor> state)
            {
                using var unrecorded = no_grad();
                foreach (var (name, moment) in state_dict())
                {
                    if (!state.TryGetValue(name, out var saved)) throw new ArgumentException($"the optimizer's state has no '{name}'; it has {state.Count} tensors, {state_dict().Count} are needed");
                    if (!saved.shape.AsSpan().SequenceEqual(moment.shape))
                        throw new ArgumentException($"'{name}' has the shape [{string.Join(", ", saved.shape)}]; the parameter's is [{string.Join(", ", moment.shape)}]");
                    moment.copy_(saved);
                }
            }

            public void Dispose()
            {
                foreach (var moment in _means) moment.Dispose();
                foreach (var moment in _squares) moment.Dispose();
                foreach (var (master, parameter) in (_masters ?? []).Zip(_parameters))
                {
                    if (!ReferenceEquals(master, parameter)) master.Dispose();
                }
            }

            private static string Name(string moment, int place) => string.Create(CultureInfo.InvariantCulture, $"{moment}.{place}");

            // Half-precision parameters keep float32 moments: the squares of small gradients vanish in bfloat16's eight bits.
            private static Tensor Moment(Tensor parameter, ScalarType? moments)
            {
                using var unrecorded = no_grad();
                return zeros(parameter.shape, moments ?? (IsHalf(parameter) ? ScalarType.Float32 : parameter.dtype), parameter.device).DetachFromDisposeScope();
            }

            // A parameter that is float32 already is its own master.
            private static Tensor Master(Tensor parameter)
            {
                using var unrecorded = no_grad();
                return IsHalf(parameter) ? parameter.detach().to(ScalarType.Float32).DetachFromDisposeScope() : parameter;
            }

            private static bool IsHalf(Tensor parameter) => parameter.dtype is ScalarType.Float16 or ScalarType.BFloat16;

            private void Step(Tensor[] parameters, Tensor[] gradients, Tensor[] means, Tensor[] squares)
            {
                if (FusedAdamW.Applies(parameters, gradients, means, squares)) FusedAdamW.Step(parameters, gradients, means, squares, this);
                else StepByLists(parameters, gradients, means, squares);
            }

            /// <summary>One parameter after the other, so that only one gradient at a time is there in float32 as well.</summary>
            private void StepMasters(Tensor[] masters)
            {
                for (var i = 0; i < _parameters.Length; i++)
                {
                    using var scope = NewDisposeScope();
                    if (_parameters[i].grad is not { } gradient) continue;
                    Step([masters[i]], [gradient.to(masters[i].dtype)], [_means[i]], [_squares[i]]);
                    if (!ReferenceEquals(masters[i], _parameters[i])) _parameters[i].copy_(masters[i]);
                }
            }

            private (Tensor[] Parameters, Tensor[] Gradients, Tensor[] Means, Tensor[] Squares) WithGradients()
            {
                List<Tensor> parameters = new(_parameters.Length), gradients = new(_parameters.Length), means = new(_parameters.Length), squares = new(_parameters.Length);
                for (var i = 0; i < _parameters.Length; i++)
                {
                    if (_parameters[i].grad is not { } gradient) continue;
                    parameters.Add(_parameters[i]);
                    gradients.Add(gradient);
                    means.Add(_means[i]);
                    squares.Add(_squares[i]);
                }

                return ([.. parameters], [.. gradients], [.. means], [.. squares]);
            }

            private void StepByLists(Tensor[] parameters, Tensor[] gradients, Tensor[] means, Tensor[] squares)
            {
                var meanCorrection = 1 - Math.Pow(Beta1, Steps);
                var squareCorrection = 1 - Math.Pow(Beta2, Steps);
                for (var i = 0; i < gradients.Length; i++) gradients[i] = gradients[i].to(means[i].dtype);

                ForEach.Scale(parameters, 1 - (LearningRate * WeightDecay));
                ForEach.Lerp(means, gradients, 1 - Beta1);
                ForEach.Scale(squares, Beta2);
                ForEach.AddCMul(squares, gradients, gradients, 1 - Beta2);
                var roots = ForEach.Sqrt(squares);
                ForEach.Divide(roots, Math.Sqrt(squareCorrection));
                ForEach.AddScalar(roots, Epsilon);
                if (!Array.Exists(parameters, IsHalf))
                {
                    ForEach.AddCDiv(parameters, means, roots, -LearningRate / meanCorrection);
                    return;
                }

                for (var i = 0; i < parameters.Length; i++) parameters[i].add_((means[i] / roots[i]).to(parameters[i].dtype), -LearningRate / meanCorrection);
            }
        }
    }
}

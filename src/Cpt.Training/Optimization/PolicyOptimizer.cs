using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>AdamW over what is trained of a model, with clipping and the check that nothing non-finite ever reaches a weight.</summary>
internal sealed class PolicyOptimizer : IDisposable
{
    private readonly string[] _names;
    private readonly Tensor[] _parameters;
    private readonly double _maxGradientNorm;
    private readonly torch.optim.AdamW _adam;

    public PolicyOptimizer(CausalLM policy, OptimizationSpec optimization, bool offload = false)
    {
        var trained = policy.TrainedParameters;
        _names = [.. trained.Select(parameter => parameter.Name)];
        _parameters = [.. trained.Select(parameter => parameter.Value)];
        foreach (var parameter in _parameters) parameter.requires_grad = true;
        _maxGradientNorm = optimization.MaxGradientNorm;
        _adam = new torch.optim.AdamW(
            _parameters, optimization.LearningRate, optimization.Beta1, optimization.Beta2, optimization.Epsilon, optimization.WeightDecay,
            master_weights: optimization.Precision == Precision.BFloat16Master,
            moments: optimization.Precision == Precision.BFloat16Pure ? ScalarType.BFloat16 : null,
            offload: offload);
    }

    /// <summary>Updates done.</summary>
    public int Updates => (int)_adam.Steps;

    public void ZeroGradients() => _adam.zero_grad();

    /// <summary>Clips, checks, updates, forgets the gradients.</summary>
    /// <param name="learningRate">Of this update.</param>
    /// <param name="step">1-based step, for messages.</param>
    /// <returns>Global L2 norm before clipping.</returns>
    public double Update(double learningRate, int step)
    {
        using var scope = torch.NewDisposeScope();
        var limit = _maxGradientNorm > 0 ? _maxGradientNorm : double.PositiveInfinity;
        var norm = Finite.GradientNorm(torch.nn.utils.clip_grad_norm_(_parameters, limit), step);
        _adam.LearningRate = learningRate;
        _adam.step();
        _adam.zero_grad();
        return norm;
    }

    /// <summary>The live moments under <c>exp_avg.NAME</c> and <c>exp_avg_sq.NAME</c>, master weights under <c>master.NAME</c>, NAME being the parameter's; empty before the first update.</summary>
    public IReadOnlyDictionary<string, Tensor> State() => Updates == 0
        ? new Dictionary<string, Tensor>(StringComparer.Ordinal)
        : _adam.state_dict().ToDictionary(moment => Renamed(moment.Key), moment => moment.Value, StringComparer.Ordinal);

    /// <exception cref="StageFailureException"><c>CorruptCheckpoint</c>: a moment is missing or has another shape.</exception>
    public void Load(IReadOnlyDictionary<string, Tensor> state, int updates)
    {
        if (updates > 0)
        {
            var byPlace = new Dictionary<string, Tensor>(StringComparer.Ordinal);
            foreach (var place in _adam.state_dict().Keys)
            {
                var name = Renamed(place);
                byPlace[place] = state.TryGetValue(name, out var moment)
                    ? moment
                    : throw new StageFailureException(ExitCodes.BadData, "CorruptCheckpoint", $"the checkpoint's optimizer state has no tensor '{name}'; it has {state.Count} tensors, {_adam.state_dict().Count} are needed");
            }

            try
            {
                _adam.load_state_dict(byPlace);
            }
            catch (Exception exception) when (exception is ArgumentException or TorchException)
            {
                throw new StageFailureException(ExitCodes.BadData, "CorruptCheckpoint", $"the checkpoint's optimizer state does not fit this model: {exception.Message}", exception);
            }
        }

        _adam.Steps = updates;
    }

    public void Dispose() => _adam.Dispose();

    // exp_avg.12 → exp_avg.model.layers.0.…: a checkpoint is read by people, too.
    private string Renamed(string place)
    {
        var dot = place.IndexOf('.', StringComparison.Ordinal);
        return place[..(dot + 1)] + _names[int.Parse(place.AsSpan(dot + 1), System.Globalization.CultureInfo.InvariantCulture)];
    }
}

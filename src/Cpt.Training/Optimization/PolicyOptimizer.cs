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

    /// <summary>Null where this is the only worker.</summary>
    private readonly ParameterShards? _shards;

    public PolicyOptimizer(CausalLM policy, OptimizationSpec optimization, WorkerGroup? workers = null, bool offload = false)
    {
        var trained = policy.TrainedParameters;
        _names = [.. trained.Select(parameter => parameter.Name)];
        _parameters = [.. trained.Select(parameter => parameter.Value)];
        foreach (var parameter in _parameters) parameter.requires_grad = true;
        _maxGradientNorm = optimization.MaxGradientNorm;
        _shards = workers is null ? null : new ParameterShards(workers, _parameters);
        _adam = new torch.optim.AdamW(
            _shards?.Pieces ?? _parameters, optimization.LearningRate, optimization.Beta1, optimization.Beta2, optimization.Epsilon, optimization.WeightDecay,
            master_weights: optimization.Precision == Precision.BFloat16Master,
            moments: optimization.Precision == Precision.BFloat16Pure ? ScalarType.BFloat16 : null,
            offload: offload);
    }

    /// <summary>A term of the loss whose gradient <see cref="Update"/> adds; null for none. Stays the caller's.</summary>
    public IWeightPenalty? Penalty { get; set; }

    /// <summary>Updates done.</summary>
    public int Updates => (int)_adam.Steps;

    public void ZeroGradients()
    {
        foreach (var parameter in _parameters) parameter.grad = null;
    }

    /// <summary>Before each backward pass of an update.</summary>
    /// <param name="last">No pass of this worker follows before <see cref="Update"/>: what it leaves is summed over the workers while it still runs.</param>
    public void BeginPass(bool last) => _shards?.BeginPass(last);

    /// <summary>Adds the penalty's gradient, clips, checks, updates, forgets the gradients.</summary>
    /// <param name="learningRate">Of this update.</param>
    /// <param name="step">1-based step, for messages.</param>
    /// <returns>Global L2 norm before clipping.</returns>
    public double Update(double learningRate, int step)
    {
        using var scope = torch.NewDisposeScope();
        var limit = _maxGradientNorm > 0 ? _maxGradientNorm : double.PositiveInfinity;
        var norm = Finite.GradientNorm(_shards?.Reduce(limit, Penalty) ?? Clip(limit), step);
        _adam.LearningRate = learningRate;
        _adam.step();
        ZeroGradients();
        _shards?.Publish();
        return norm;
    }

    /// <summary>With several workers all take part, and only the first gets anything: copies in host memory. Else the live moments. They are under <c>exp_avg.NAME</c> and <c>exp_avg_sq.NAME</c>, master weights under <c>master.NAME</c>, NAME being the parameter's; empty before the first update.</summary>
    public IReadOnlyDictionary<string, Tensor> State() => Updates == 0
        ? new Dictionary<string, Tensor>(StringComparer.Ordinal)
        : (_shards?.GatherState(_adam.state_dict()) ?? _adam.state_dict()).ToDictionary(moment => Renamed(moment.Key), moment => moment.Value, StringComparer.Ordinal);

    /// <exception cref="StageFailureException"><c>CorruptCheckpoint</c>: a moment is missing or has another shape.</exception>
    public void Load(IReadOnlyDictionary<string, Tensor> state, int updates)
    {
        if (updates > 0)
        {
            try
            {
                using var scope = torch.NewDisposeScope();
                _adam.load_state_dict(_shards is null
                    ? _adam.state_dict().Keys.ToDictionary(place => place, place => Find(Renamed(place)), StringComparer.Ordinal)
                    : _shards.TakeOwn(_adam.state_dict().Keys, (kind, parameter) => Find($"{kind}.{_names[parameter]}")));
            }
            catch (Exception exception) when (exception is ArgumentException or TorchException)
            {
                throw new StageFailureException(ExitCodes.BadData, "CorruptCheckpoint", $"the checkpoint's optimizer state does not fit this model: {exception.Message}", exception);
            }
        }

        Tensor Find(string name) => state.TryGetValue(name, out var moment)
            ? moment
            : throw new StageFailureException(ExitCodes.BadData, "CorruptCheckpoint", $"the checkpoint's optimizer state has no tensor '{name}'; it has {state.Count}");

        _adam.Steps = updates;
    }

    private double Clip(double limit)
    {
        if (Penalty is not null)
        {
            using var unrecorded = torch.no_grad();
            for (var place = 0; place < _parameters.Length; place++)
            {
                using var scope = torch.NewDisposeScope();
                if (Penalty.Gradient(place) is not { } more) continue;
                if (_parameters[place].grad is { } gradient) gradient.add_(more);
                else _parameters[place].grad = more;
            }
        }

        return torch.nn.utils.clip_grad_norm_(_parameters, limit);
    }

    public void Dispose()
    {
        _adam.Dispose();
        _shards?.Dispose();
    }

    // exp_avg.12 → exp_avg.model.layers.0.…: a checkpoint is read by people, too.
    private string Renamed(string place)
    {
        var dot = place.IndexOf('.', StringComparison.Ordinal);
        return place[..(dot + 1)] + _names[int.Parse(place.AsSpan(dot + 1), System.Globalization.CultureInfo.InvariantCulture)];
    }
}

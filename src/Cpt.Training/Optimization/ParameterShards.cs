using Cpt.Torch;
using static Cpt.Torch.torch.distributed;

namespace Cpt.Training;

/// <summary>
/// The parameters as one of several workers updates them: pieces, of which each worker owns its own (ZeRO stage 1, arXiv:1910.02054). Optimizer state exists for
/// those alone. An update of AdamW looks at one element at a time, so how it is cut changes no bit; and a checkpoint holds whole moments, so
/// it says nothing of how many workers wrote it.
/// </summary>
internal sealed class ParameterShards : IDisposable
{
    private readonly WorkerGroup _workers;
    private readonly Tensor[] _parameters;
    private readonly GradientReducer _reducer;

    public ParameterShards(WorkerGroup workers, Tensor[] parameters)
    {
        _workers = workers;
        _parameters = parameters;
        _reducer = new GradientReducer(workers.Gradients, parameters);
        using var unrecorded = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Pieces = [.. _reducer.Pieces.Select(piece => parameters[piece.Parameter].detach().view(-1).narrow(0, piece.Begin, piece.Length).DetachFromDisposeScope())];
    }

    /// <summary>What this worker owns: flat views of the parameters. The optimizer's parameters.</summary>
    public Tensor[] Pieces { get; }

    /// <summary>Before each backward pass of an update.</summary>
    public void BeginPass(bool last) => _reducer.Prepare(last);

    /// <summary>Sums the gradients over the workers, and gives the pieces theirs.</summary>
    /// <param name="maxNorm">Clipped to it.</param>
    /// <param name="penalty">Adds to the sum, once and not by each worker; null for none.</param>
    /// <returns>The global L2 norm before it was clipped.</returns>
    public double Reduce(double maxNorm, IWeightPenalty? penalty = null)
    {
        using var unrecorded = torch.no_grad();
        var used = _reducer.Finish();
        var parts = new Dictionary<int, Tensor>();
        for (var i = 0; i < Pieces.Length; i++)
        {
            var piece = _reducer.Pieces[i];
            if (!parts.TryGetValue(piece.Bucket, out var part)) parts.Add(piece.Bucket, part = _reducer.Part(piece.Bucket));
            var more = penalty?.Gradient(piece.Parameter);
            var gradient = part.narrow(0, piece.At, piece.Length);
            if (!used[piece.Parameter]) gradient = more is null ? null : gradient.zero_();
            if (more is not null) gradient!.add_(more.reshape(-1).narrow(0, piece.Begin, piece.Length));
            Pieces[i].grad = gradient;
        }

        var own = torch.nn.utils.clip_grad_norm_(Pieces, double.PositiveInfinity);
        var norm = Math.Sqrt(_workers.Sum(own * own)[0]);
        // Of whatever sign or size, one rule for all: the same as clip_grad_norm_'s, with the norm of the whole.
        var factor = maxNorm / (norm + 1e-6);
        if (double.IsFinite(norm) && factor < 1)
        {
            foreach (var gradient in parts.Values) gradient.mul_(factor);
        }

        return norm;
    }

    /// <summary>After the update: everybody's pieces to all, and the gradients forgotten.</summary>
    public void Publish()
    {
        foreach (var piece in Pieces) piece.grad = null;
        _reducer.Release();
        _reducer.GatherParameters();
    }

    /// <summary>Whole moments from everybody's; all workers take part, and only the first gets them, in host memory.</summary>
    /// <param name="state">Of the pieces, under <c>KIND.PLACE</c>.</param>
    /// <returns>By <c>KIND.PLACE</c>, the place being the parameter's.</returns>
    public Dictionary<string, Tensor> GatherState(IReadOnlyDictionary<string, Tensor> state)
    {
        using var unrecorded = torch.no_grad();
        var whole = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        // Kinds must not hang on the pieces a worker happens to have: the smallest models have fewer elements than workers.
        var kinds = _workers.Broadcast(string.Join(' ', state.GroupBy(moment => KindOf(moment.Key), StringComparer.Ordinal).Select(kind => $"{kind.Key}:{kind.First().Value.dtype}")));
        foreach (var kind in kinds.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, type) = (kind.Split(':')[0], Enum.Parse<ScalarType>(kind.Split(':')[1]));
            for (var bucket = 0; bucket < _reducer.Buckets; bucket++) GatherBucket(name, type, bucket, state, whole);
        }

        return whole;
    }

    /// <summary>The pieces' share of whole moments.</summary>
    /// <param name="names">Of the pieces' state: <c>KIND.PLACE</c>.</param>
    /// <param name="find">The whole moment of a kind and a parameter's place.</param>
    public Dictionary<string, Tensor> TakeOwn(IEnumerable<string> names, Func<string, int, Tensor> find)
    {
        var own = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var piece = _reducer.Pieces[PlaceOf(name)];
            var whole = find(KindOf(name), piece.Parameter);
            var expected = _parameters[piece.Parameter].shape;
            if (!whole.shape.AsSpan().SequenceEqual(expected))
                throw new ArgumentException($"'{name}' has the shape [{string.Join(", ", whole.shape)}]; the parameter's is [{string.Join(", ", expected)}]");
            own[name] = whole.reshape(-1).narrow(0, piece.Begin, piece.Length);
        }

        return own;
    }

    public void Dispose()
    {
        _reducer.Dispose();
        foreach (var piece in Pieces) piece.Dispose();
    }

    private void GatherBucket(string kind, ScalarType type, int bucket, IReadOnlyDictionary<string, Tensor> state, Dictionary<string, Tensor> whole)
    {
        using var scope = torch.NewDisposeScope();
        var length = _reducer.PartLength(bucket);
        var device = _parameters[0].device;
        var part = torch.zeros([length], type, device);
        for (var i = 0; i < Pieces.Length; i++)
        {
            var piece = _reducer.Pieces[i];
            if (piece.Bucket == bucket && state.TryGetValue($"{kind}.{i}", out var moment)) part.narrow(0, piece.At, piece.Length).copy_(moment);
        }

        var all = torch.zeros([length * _workers.Size], type, device);
        _workers.Gradients.all_gather_into_tensor(all, part).wait();
        if (!_workers.IsFirst) return;
        for (var parameter = 0; parameter < _parameters.Length; parameter++)
        {
            var (at, begin) = _reducer.Place(parameter);
            if (at != bucket) continue;
            var moment = all.narrow(0, begin, _parameters[parameter].numel()).view(_parameters[parameter].shape);
            whole[$"{kind}.{parameter}"] = (moment.device.type == DeviceType.CPU ? moment.clone() : moment.cpu()).MoveToOuterDisposeScope();
        }
    }

    private static string KindOf(string name) => name[..name.IndexOf('.', StringComparison.Ordinal)];

    private static int PlaceOf(string name) => int.Parse(name.AsSpan(name.IndexOf('.', StringComparison.Ordinal) + 1), System.Globalization.CultureInfo.InvariantCulture);
}

using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>
/// What became of every pod of one Job. The Job's status counts pods that no longer exist, and a pod just created is not in any watch yet: so they are remembered here.
/// </summary>
internal sealed class JobLedger
{
    private readonly Dictionary<string, Entry> _pods = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Before the first count, what an earlier stand-in wrote.</summary>
    private int _failedBefore;

    /// <summary>What was last written.</summary>
    public (int Active, bool Started, bool Suspended)? Written { get; set; }

    public bool Finished { get; set; }

    /// <summary>The answer to the last write, which the watch may not have told yet: the next write must build on it.</summary>
    public Job? Newest { get; set; }

    public int Failed => _failedBefore + Count(Fate.Failed);

    public int Succeeded => Count(Fate.Succeeded);

    /// <summary>Running, or about to; those that are asked to end too.</summary>
    public int Alive => Count(Fate.Alive);

    public IReadOnlyList<string> AliveNames
    {
        get
        {
            lock (_lock)
            {
                return [.. _pods.Where(pod => pod.Value.Fate == Fate.Alive).Select(pod => pod.Key)];
            }
        }
    }

    /// <summary>How many there ever were, of one place or of all.</summary>
    public int Created(int? index)
    {
        lock (_lock)
        {
            return _failedBefore + _pods.Values.Count(pod => pod.Index == index);
        }
    }

    /// <summary>Whether a place of an Indexed Job needs no pod.</summary>
    public bool IsTaken(int index)
    {
        lock (_lock)
        {
            return _pods.Values.Any(pod => pod.Index == index && (pod.Fate is Fate.Alive or Fate.Succeeded));
        }
    }

    public IReadOnlyList<int> SucceededIndexes()
    {
        lock (_lock)
        {
            return [.. _pods.Values.Where(pod => pod is { Fate: Fate.Succeeded, Index: not null }).Select(pod => pod.Index!.Value).Order()];
        }
    }

    public void Expect(string name, int? index)
    {
        lock (_lock)
        {
            _pods.TryAdd(name, new(index, Fate.Alive));
        }
    }

    /// <param name="type">What happened to it.</param>
    /// <param name="pod">As it is now.</param>
    /// <param name="ignored">Should it have failed, that does not count.</param>
    public void Observe(WatchEventType type, Pod pod, bool ignored)
    {
        var index = pod.Metadata.Annotations?.TryGetValue(JobLabels.Index, out var text) == true && int.TryParse(text, out var at) ? at : (int?)null;
        lock (_lock)
        {
            var known = _pods.TryGetValue(pod.Metadata.Name!, out var entry) ? entry.Fate : Fate.Alive;
            var fate = (known, pod.Status?.Phase) switch
            {
                (not Fate.Alive, _) => known,
                (_, "Succeeded") => Fate.Succeeded,
                (_, "Failed") => ignored ? Fate.Ignored : Fate.Failed,
                // It vanished: whoever took it away, its work is lost.
                _ => type == WatchEventType.Deleted ? Fate.Failed : Fate.Alive,
            };
            _pods[pod.Metadata.Name!] = new(index, fate);
        }
    }

    /// <summary>Takes over what stands in the status of a Job that was there before.</summary>
    public void Adopt(JobStatus? status)
    {
        lock (_lock)
        {
            _failedBefore = Math.Max(0, (status?.Failed ?? 0) - _pods.Values.Count(pod => pod.Fate == Fate.Failed));
        }
    }

    private int Count(Fate fate)
    {
        lock (_lock)
        {
            return _pods.Values.Count(pod => pod.Fate == fate);
        }
    }

    private enum Fate
    {
        Alive,
        Succeeded,
        Failed,
        Ignored,
    }

    private readonly record struct Entry(int? Index, Fate Fate);
}

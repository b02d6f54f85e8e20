using System.Collections.Concurrent;
using Cpt.Kubernetes;

namespace Cpt.Operator.Observing;

/// <summary>
/// Ends of pods that are being removed. A drained node's pod is gone as soon as the Job controller has counted it, which is before the Job is marked: whoever looks only when the Job
/// has failed finds no exit code, and would take a preemption for a failure. So each is noted when it passes by, and kept until its Job is judged.
/// </summary>
internal sealed class PodEnds
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, PodEnd>> _byJob = new(StringComparer.Ordinal);

    /// <summary>Called for every state of every pod, in the watch.</summary>
    public void Note(Pod pod)
    {
        if (pod.Metadata is { DeletionTimestamp: not null, Uid: { } uid } && Owner(pod) is { } job && PodEnd.Of(pod) is { } end)
        {
            _byJob.GetOrAdd(job, static _ => new(StringComparer.Ordinal))[uid] = end;
        }
    }

    public IEnumerable<PodEnd> Of(string job) => _byJob.TryGetValue(job, out var ends) ? ends.Values : [];

    /// <summary>The attempt was judged, or its Job is gone.</summary>
    public void Forget(string job) => _byJob.TryRemove(job, out _);

    private static string? Owner(Pod pod) => pod.Metadata.OwnerReferences?.Find(owner => owner.Controller == true)?.Uid;
}

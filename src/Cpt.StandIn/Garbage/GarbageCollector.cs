using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>
/// Plays the garbage collector for what matters here: Jobs go after their run, Pods after their Job. An owner deleted in the foreground stays, held by the
/// finalizer <c>foregroundDeletion</c>, until what it owns is gone.
/// </summary>
internal sealed class GarbageCollector
{
    private const string ForegroundDeletion = "foregroundDeletion";

    private readonly KubernetesClient _client;
    private readonly WorkQueue<Owner> _queue;
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<ObjectKey, byte>> _jobsOf = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<ObjectKey, byte>> _podsOf = new(StringComparer.Ordinal);
    /// <summary>Runs that are there, by uid; true: held until their Jobs are gone.</summary>
    private readonly ConcurrentDictionary<string, bool> _runs = new(StringComparer.Ordinal);
    private readonly Func<ObjectKey, Job?> _job;
    private readonly Func<ObjectKey, Pod?> _pod;

    public GarbageCollector(KubernetesClient client, Feed<Job> jobs, Feed<Pod> pods, StandInOptions options)
    {
        (_client, _job, _pod) = (client, jobs.Get, pods.Get);
        _queue = new(CollectAsync, options.Concurrency, options.Time, options.OnTrouble);
    }

    public Task RunAsync(CancellationToken cancellation) => _queue.RunAsync(cancellation);

    public void OnRun(WatchEventType type, RunRecord run)
    {
        if (type == WatchEventType.Deleted)
        {
            _runs.TryRemove(run.Metadata.Uid!, out _);
            _queue.Add(new(run.Metadata.Uid!, run.Metadata.Name!, run.Metadata.Namespace!, IsRun: true, Gone: true));
            return;
        }

        _runs[run.Metadata.Uid!] = IsHeld(run);
        if (IsHeld(run))
        {
            _queue.Add(new(run.Metadata.Uid!, run.Metadata.Name!, run.Metadata.Namespace!, IsRun: true, Gone: false));
        }
    }

    public void OnJob(WatchEventType type, Job job)
    {
        if (Owners.ControllerOf(job) is { Kind: ContinualRun.KindName } owner)
        {
            File(_jobsOf, owner.Uid, job, type);
            // A run that is held waits for its last Job; of an unknown one the server is asked.
            if (type == WatchEventType.Deleted ? _runs.GetValueOrDefault(owner.Uid) : type == WatchEventType.Added && !_runs.ContainsKey(owner.Uid))
            {
                _queue.Add(new(owner.Uid, owner.Name, job.Metadata.Namespace!, IsRun: true, Gone: false));
            }
        }

        if (type == WatchEventType.Deleted || IsHeld(job))
        {
            _queue.Add(new(job.Metadata.Uid!, job.Metadata.Name!, job.Metadata.Namespace!, IsRun: false, Gone: type == WatchEventType.Deleted));
        }
    }

    public void OnPod(WatchEventType type, Pod pod)
    {
        if (Owners.ControllerOf(pod) is not { Kind: "Job" } owner)
        {
            return;
        }

        File(_podsOf, owner.Uid, pod, type);
        var job = _job(new(pod.Metadata.Namespace, owner.Name));
        if (type == WatchEventType.Deleted ? job is not null && IsHeld(job) : job is null && type == WatchEventType.Added)
        {
            _queue.Add(new(owner.Uid, owner.Name, pod.Metadata.Namespace!, IsRun: false, Gone: false));
        }
    }

    private async Task CollectAsync(Owner owner, CancellationToken cancellation)
    {
        if (owner.IsRun)
        {
            await CollectAsync<RunRecord, Job>(owner, Owned(_jobsOf, owner.Uid, _job), PropagationPolicy.Foreground, cancellation);
        }
        else
        {
            await CollectAsync<Job, Pod>(owner, Owned(_podsOf, owner.Uid, _pod), PropagationPolicy.Background, cancellation);
        }
    }

    private async Task CollectAsync<TOwner, TOwned>(Owner owner, List<TOwned> owned, PropagationPolicy heldPolicy, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject
        where TOwned : class, IKubernetesObject
    {
        // The caches of two kinds are never of one moment: whether an owner is really gone, the server says.
        var living = owner.Gone ? null : await _client.TryGetAsync<TOwner>(owner.Name, owner.Namespace, cancellation);
        if (living?.Metadata.Uid != owner.Uid)
        {
            living = null;
        }

        if (living is not null && !IsHeld(living))
        {
            return;
        }

        foreach (var item in owned)
        {
            if (item.Metadata.DeletionTimestamp is null)
            {
                await Owners.DeleteAsync(_client, item, new() { PropagationPolicy = living is null ? PropagationPolicy.Background : heldPolicy }, cancellation);
            }
        }

        if (living is not null && owned.Count == 0)
        {
            await ReleaseAsync(living, cancellation);
        }
    }

    private async Task ReleaseAsync<TOwner>(TOwner owner, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject
    {
        JsonNode[] rest = [.. owner.Metadata.Finalizers!.Where(finalizer => finalizer != ForegroundDeletion).Select(finalizer => JsonValue.Create(finalizer)!)];
        var patch = Patch.Merge(new()
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = owner.Metadata.ResourceVersion, ["finalizers"] = new JsonArray(rest) },
        });
        try
        {
            await _client.PatchAsync<TOwner>(owner.Metadata.Name!, owner.Metadata.Namespace, patch, cancellation: cancellation);
        }
        catch (KubernetesException error) when (error.IsNotFound)
        {
            // Gone: all the better.
        }
    }

    private static bool IsHeld(IKubernetesObject item) =>
        item.Metadata.DeletionTimestamp is not null && item.Metadata.Finalizers?.Contains(ForegroundDeletion) == true;

    private static void File<T>(ConcurrentDictionary<string, ConcurrentDictionary<ObjectKey, byte>> index, string owner, T item, WatchEventType type)
        where T : IKubernetesObject
    {
        if (type != WatchEventType.Deleted)
        {
            index.GetOrAdd(owner, static _ => new())[ObjectKey.Of(item)] = 0;
        }
        else if (index.TryGetValue(owner, out var owned))
        {
            owned.TryRemove(ObjectKey.Of(item), out _);
            if (owned.IsEmpty)
            {
                index.TryRemove(owner, out _);
            }
        }
    }

    private static List<T> Owned<T>(ConcurrentDictionary<string, ConcurrentDictionary<ObjectKey, byte>> index, string owner, Func<ObjectKey, T?> find)
        where T : class, IKubernetesObject =>
        index.TryGetValue(owner, out var keys) ? [.. keys.Keys.Select(find).OfType<T>().Where(item => Owners.ControllerOf(item)?.Uid == owner)] : [];

    /// <param name="Uid">Of this very owner.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Namespace">Its namespace.</param>
    /// <param name="IsRun">A run; otherwise a Job.</param>
    /// <param name="Gone">Seen to be deleted: the server need not be asked.</param>
    private readonly record struct Owner(string Uid, string Name, string Namespace, bool IsRun, bool Gone);
}

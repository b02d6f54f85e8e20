using System.Collections.Concurrent;
using System.Globalization;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>
/// Plays the Job controller: creates pods from the template, counts what became of them, and ends the Job. As today's one: a pod that is deleted or vanishes has failed,
/// and a failed Job is marked so only when the last of its pods is gone. <c>activeDeadlineSeconds</c> and <c>ttlSecondsAfterFinished</c> are not kept.
/// </summary>
internal sealed class JobController
{
    private readonly KubernetesClient _client;
    private readonly Feed<Job> _jobs;
    private readonly Feed<Pod> _pods;
    private readonly StandInOptions _options;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly ConcurrentDictionary<string, JobLedger> _ledgers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (string Reason, string Message)> _failed = new(StringComparer.Ordinal);

    public JobController(KubernetesClient client, Feed<Job> jobs, Feed<Pod> pods, StandInOptions options)
    {
        (_client, _jobs, _pods, _options) = (client, jobs, pods, options);
        _queue = new(SyncAsync, options.Concurrency, options.Time, options.OnTrouble);
    }

    public Task RunAsync(CancellationToken cancellation) => _queue.RunAsync(cancellation);

    public void OnJob(WatchEventType type, Job job)
    {
        if (type == WatchEventType.Deleted)
        {
            _ledgers.TryRemove(job.Metadata.Uid!, out _);
            _failed.TryRemove(job.Metadata.Uid!, out _);
            return;
        }

        _queue.Add(ObjectKey.Of(job));
    }

    public void OnPod(WatchEventType type, Pod pod)
    {
        if (Owners.ControllerOf(pod) is not { Kind: "Job" } owner)
        {
            return;
        }

        var key = new ObjectKey(pod.Metadata.Namespace, owner.Name);
        var (action, message) = pod.Status?.Phase == "Failed" && _jobs.Get(key) is { } job ? FailurePolicy.For(job, pod) : ("Count", "");
        LedgerOf(owner.Uid).Observe(type, pod, ignored: action == "Ignore");
        if (action == "FailJob")
        {
            _failed[owner.Uid] = ("PodFailurePolicy", message);
        }

        _queue.Add(key);
    }

    private JobLedger LedgerOf(string uid) => _ledgers.GetOrAdd(uid, static _ => new());

    private async Task SyncAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_jobs.Get(key) is not { } job || job.IsComplete || job.IsFailed || job.Metadata.DeletionTimestamp is not null)
        {
            return;
        }

        var ledger = LedgerOf(job.Metadata.Uid!);
        if (ledger.Finished)
        {
            return;
        }

        if (ledger.Written is null)
        {
            ledger.Adopt(job.Status);
            ledger.Written = (job.Status?.Active ?? 0, job.Status?.StartTime is not null, false);
        }

        try
        {
            await SyncAsync(Newer(job, ledger.Newest), ledger, cancellation);
        }
        catch (KubernetesException error) when (error.IsNotFound)
        {
            // Deleted meanwhile: the watch will tell.
        }
    }

    private async Task SyncAsync(Job job, JobLedger ledger, CancellationToken cancellation)
    {
        var now = _options.Time.GetUtcNow();
        if (job.Spec.Suspend == true)
        {
            await EndPodsAsync(job, ledger, cancellation);
            await WriteAsync(job, ledger, (ledger.Alive, false, true), () => JobStatuses.Suspended(job, ledger.Alive, now), cancellation);
            return;
        }

        var completions = job.Spec.Completions ?? 1;
        if (ledger.Failed > (job.Spec.BackoffLimit ?? 6))
        {
            _failed.TryAdd(job.Metadata.Uid!, ("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }

        if (_failed.TryGetValue(job.Metadata.Uid!, out var failure))
        {
            await EndPodsAsync(job, ledger, cancellation);
            if (ledger.Alive == 0)
            {
                await FinishAsync(job, ledger, JobStatuses.Failed(job, ledger, failure.Reason, failure.Message, now), cancellation);
            }

            return;
        }

        if (ledger.Succeeded >= completions)
        {
            await FinishAsync(job, ledger, JobStatuses.Complete(job, ledger, now), cancellation);
            return;
        }

        await CreatePodsAsync(job, ledger, completions, cancellation);
        if (_options.ShowsRunning)
        {
            await WriteAsync(job, ledger, (ledger.Alive, true, false), () => JobStatuses.Active(job, ledger.Alive, ledger, now), cancellation);
        }
    }

    private async Task CreatePodsAsync(Job job, JobLedger ledger, int completions, CancellationToken cancellation)
    {
        var room = Math.Min(job.Spec.Parallelism ?? 1, completions - ledger.Succeeded) - ledger.Alive;
        for (var index = 0; room > 0 && index < completions; index++)
        {
            int? place = job.Spec.CompletionMode == "Indexed" ? index : null;
            if (place is not null && ledger.IsTaken(index))
            {
                continue;
            }

            await CreatePodAsync(job, ledger, place, cancellation);
            room--;
        }
    }

    private async Task CreatePodAsync(Job job, JobLedger ledger, int? index, CancellationToken cancellation)
    {
        var name = PodTemplates.NameOf(job, index, ledger.Created(index), _options.Seed);
        try
        {
            await _client.CreateAsync(PodTemplates.Create(job, name, index, _options.Node), cancellation: cancellation);
        }
        catch (KubernetesException error) when (error.IsAlreadyExists)
        {
            // An earlier try whose answer was lost.
        }
        catch (KubernetesException error) when (error.IsInvalid || error.IsForbidden)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Job {ObjectKey.Of(job)}: pod {name} is refused: {error.Message}"), error);
        }

        ledger.Expect(name, index);
    }

    private async Task EndPodsAsync(Job job, JobLedger ledger, CancellationToken cancellation)
    {
        foreach (var name in ledger.AliveNames)
        {
            if (_pods.Get(new(job.Metadata.Namespace, name)) is { Metadata.DeletionTimestamp: null } pod)
            {
                await Owners.DeleteAsync(_client, pod, new(), cancellation);
            }
        }
    }

    private async Task WriteAsync(Job job, JobLedger ledger, (int Active, bool Started, bool Suspended) next, Func<Patch> patch, CancellationToken cancellation)
    {
        if (ledger.Written != next)
        {
            ledger.Newest = await _client.PatchStatusAsync<Job>(job.Metadata.Name!, job.Metadata.Namespace, patch(), cancellation: cancellation);
            ledger.Written = next;
        }
    }

    private async Task FinishAsync(Job job, JobLedger ledger, Patch patch, CancellationToken cancellation)
    {
        await _client.PatchStatusAsync<Job>(job.Metadata.Name!, job.Metadata.Namespace, patch, cancellation: cancellation);
        ledger.Finished = true;
    }

    /// <summary>Versions are numbers on every server that runs on etcd.</summary>
    private static Job Newer(Job seen, Job? written) =>
        written is not null && ulong.TryParse(seen.Metadata.ResourceVersion, out var one) && ulong.TryParse(written.Metadata.ResourceVersion, out var other) && other > one
            ? written
            : seen;
}

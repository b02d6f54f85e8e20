using System.Globalization;
using Cpt.Api;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Operator.Observing;
using Cpt.Planning;
using Cpt.Runs;

namespace Cpt.Operator.Runs;

/// <summary>Gathers what can be seen of a run in the caches. Calls are made only where the caches contradict each other.</summary>
internal sealed class RunObserver(IInformerCache<Job> jobs, IInformerCache<Pod> pods, PodEnds ends, KubernetesClient client, ClusterRules rules, TimeProvider time)
{
    /// <summary>Index of Jobs by the run that their label names.</summary>
    public const string ByRun = "run";

    public static string KeyOf(string? @namespace, string run) => $"{@namespace}/{run}";

    /// <summary>Whole seconds, as Kubernetes keeps its times.</summary>
    public DateTimeOffset Now
    {
        get
        {
            var now = time.GetUtcNow();
            return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond));
        }
    }

    /// <returns>Null when the caches are behind what the status says: another look follows.</returns>
    public async Task<SeenRun?> LookAsync(RunObject entity, ContinualRun run, RunMemory memory, CancellationToken cancellation)
    {
        var seen = new List<SeenJob>();
        foreach (var job in jobs.ByIndex(ByRun, KeyOf(entity.Metadata.Namespace, entity.Metadata.Name!)))
        {
            if (await ObserveAsync(job, run, entity.Metadata.Uid!, memory, cancellation) is { } observed)
            {
                seen.Add(observed);
            }
        }

        if (await IsBehindAsync(run, seen, cancellation))
        {
            return null;
        }

        Remember(run, seen, memory);
        return new SeenRun(
            seen,
            new Observation
            {
                Run = run,
                Jobs = [.. seen.Select(job => job.Observed)],
                Refusals = memory.PodFault is { } fault ? [.. rules.Check(run), fault] : rules.Check(run),
                Now = Now,
            });
    }

    private async Task<SeenJob?> ObserveAsync(Job job, ContinualRun run, string uid, RunMemory memory, CancellationToken cancellation)
    {
        IReadOnlyList<Pod> own = pods.OwnedBy(job.Metadata.Uid!);
        IEnumerable<PodEnd> gone = ends.Of(job.Metadata.Uid!);
        var status = StageOf(run, job);
        var judged = status is not null && AttemptOf(job) <= status.JudgedAttempts;
        if (job.IsFailed && own.Count == 0 && !gone.Any() && !judged)
        {
            // The pod may have come and ended faster than its watch: its exit code is worth a call.
            var listed = await client.ListAsync<Pod>(new ListOptions { Namespace = job.Metadata.Namespace, LabelSelector = $"job-name={job.Metadata.Name}" }, cancellation);
            own = [.. listed.Items.Where(pod => pod.Metadata.OwnerReferences?.Exists(owner => owner.Uid == job.Metadata.Uid) == true).Select(Slim.Pod)];
        }

        if (JobObserver.Observe(job, own, gone, uid) is not { } observed)
        {
            return null;
        }

        var ran = status is { State: StageState.Running or StageState.Evaluating } && status.Job == job.Metadata.Name;
        var evicted = observed is { Live: true, Owned: true } && JobObserver.IsEvictedByQueue(job, own, ran);
        var progress = memory.Progress is { } known && known.Job == observed.Name ? known.Progress : null;
        return new SeenJob(job, own, evicted, evicted ? observed with { Phase = JobPhase.Running, Stopping = true } : observed with { Progress = observed.Live ? progress : null });
    }

    /// <summary>
    /// A Job that the status knows and the cache does not: deleted, or of another process that led until a moment ago while our watch of Jobs is behind our watch of runs. The first costs an
    /// attempt; so the server is asked.
    /// </summary>
    private async Task<bool> IsBehindAsync(ContinualRun run, List<SeenJob> seen, CancellationToken cancellation)
    {
        foreach (var stage in (run.Status?.Stages ?? []).Where(stage => stage.Job is not null && stage.Attempts > stage.JudgedAttempts))
        {
            if (!seen.Exists(job => job.Observed.Stage == stage.Name && job.Observed.Attempt == stage.Attempts)
                && await client.TryGetAsync<Job>(stage.Job!, run.Metadata.Namespace, cancellation) is { } there
                && there.Metadata.OwnerReferences?.Exists(owner => owner.Uid == run.Metadata.Uid) == true)
            {
                return true;
            }
        }

        return false;
    }

    private void Remember(ContinualRun run, List<SeenJob> seen, RunMemory memory)
    {
        if (memory.Generation != run.Metadata.Generation)
        {
            memory.Generation = run.Metadata.Generation;
            memory.PodFault = null;
            memory.Known.Clear();
            Outdate(memory);
        }

        var state = string.Join(' ', seen.Select(job => job.Observed).OrderBy(job => job.Name, StringComparer.Ordinal).Select(job => $"{job.Name}={job.Phase}"));
        if (memory.Jobs != state)
        {
            memory.Jobs = state;
            memory.Known.Refresh();
            Outdate(memory);
        }

        var ended = seen.Exists(job => job.Observed is { Live: false, Owned: true } && StageOf(run, job.Job) is { } stage && job.Observed.Attempt > stage.JudgedAttempts);
        memory.EndSeen = ended ? memory.EndSeen ?? time.GetTimestamp() : null;
        foreach (var job in seen.Where(job => StageOf(run, job.Job) is { } stage && job.Observed.Attempt <= stage.JudgedAttempts))
        {
            ends.Forget(job.Job.Metadata.Uid!);
        }
    }

    private static void Outdate(RunMemory memory)
    {
        if (memory.Round is { } round)
        {
            round.Stale = true;
        }
    }

    private static StageStatus? StageOf(ContinualRun run, Job job) =>
        job.Metadata.Labels?.GetValueOrDefault(Labels.Stage) is { } name ? run.Status?.Stages.FirstOrDefault(stage => stage.Name == name) : null;

    private static int AttemptOf(Job job) =>
        int.TryParse(job.Metadata.Labels?.GetValueOrDefault(Labels.Attempt), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) ? attempt : 0;
}

/// <param name="Evicted">Its queue took it back while it ran.</param>
internal sealed record SeenJob(Job Job, IReadOnlyList<Pod> Pods, bool Evicted, ObservedJob Observed);

/// <param name="Jobs">Of this run and of earlier ones of its name.</param>
/// <param name="Observation">Without what is in storage.</param>
internal sealed record SeenRun(IReadOnlyList<SeenJob> Jobs, Observation Observation);

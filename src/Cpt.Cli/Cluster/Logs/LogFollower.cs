using System.Globalization;
using Cpt.Api;
using Cpt.Kubernetes;

namespace Cpt.Cli.Cluster.Logs;

/// <summary>What to show of a run's logs.</summary>
/// <param name="Stage">Null: of every stage.</param>
/// <param name="Attempt">Null: of every attempt.</param>
/// <param name="Node">Of a Job of several nodes.</param>
/// <param name="First">The pod to begin with; null: the first one that comes.</param>
internal sealed record LogChoice(string? Stage, int? Attempt, int Node, AttemptPod? First)
{
    public IEnumerable<AttemptPod> Of(IEnumerable<Pod> pods) =>
        AttemptPod.Of(pods, Node).Where(pod => (Stage is null || pod.Stage == Stage) && (Attempt is null || pod.Attempt == Attempt));
}

/// <summary>
/// <c>logs -f</c>: one attempt after another until the run ends. Connections end for many reasons (the API server restarts, the kubelet rotates a log); the log ends only when the
/// container has, so every end is followed by another look.
/// </summary>
internal sealed class LogFollower(ClusterSession session, RunMonitor monitor, LogChoice choice, LogOptions wanted, LogPrinter printer)
{
    private static readonly TimeSpan s_shortPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longPause = TimeSpan.FromSeconds(3);

    private string? _lastNote;

    public async Task FollowAsync()
    {
        var options = wanted;
        for (var pod = choice.First ?? await NextAsync(null); pod is not null; pod = await NextAsync(pod))
        {
            Note($"== stage {pod.Stage}, attempt {pod.Attempt.ToString(CultureInfo.InvariantCulture)} (pod {pod.Name})");
            await FollowPodAsync(pod, options);
            // --tail and --since say where to begin, not what to leave out later.
            options = new LogOptions();
        }
    }

    private async Task FollowPodAsync(AttemptPod first, LogOptions options)
    {
        var log = new PodLog(session, first, options);
        for (var failures = 0; ;)
        {
            var pod = await monitor.UntilAsync(() => Started(first), session.Stop);
            var over = pod.State is null or { IsOver: true };
            var printed = false;
            await foreach (var line in log.PassAsync(follow: !over, final: over, session.Stop))
            {
                printer.Print(first, line);
                printed = true;
            }

            if (log.IsGone || (over && (log.IsComplete || pod.State is null)))
            {
                return;
            }

            failures = printed || log.IsComplete ? 0 : failures + 1;
            if (over && failures > 3)
            {
                Note($"== the rest of the log of pod {first.Name} cannot be read: {log.Broken?.Message}");
                return;
            }

            if (failures > 1)
            {
                Note($"== waiting for the log of pod {first.Name}: {log.Broken?.Message}");
            }

            await PauseAsync(first, failures > 0 ? s_longPause : s_shortPause);
        }
    }

    /// <summary>Until its container has started; a pod that vanishes before counts as over.</summary>
    private Seen? Started(AttemptPod first)
    {
        if (choice.Of(monitor.Pods).FirstOrDefault(pod => pod.Name == first.Name) is not { } pod)
        {
            return new Seen(null);
        }

        if (pod.HasStarted || pod.IsOver)
        {
            return new Seen(pod);
        }

        if (pod.Waiting is not ("Pending" or "ContainerCreating" or "PodInitializing"))
        {
            Note($"== pod {pod.Name} has not started: {pod.Waiting}");
        }

        return null;
    }

    /// <summary>A container that ended is soon told to have ended; else the connection broke, and it is tried again.</summary>
    private async Task PauseAsync(AttemptPod pod, TimeSpan pause)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(session.Stop);
        enough.CancelAfter(pause);
        try
        {
            await monitor.UntilAsync(() => Started(pod) is { State: null or { IsOver: true } } over ? over : null, enough.Token);
        }
        catch (OperationCanceledException) when (!session.Stop.IsCancellationRequested)
        {
            // Look again.
        }
    }

    /// <returns>Null when none will come.</returns>
    private async Task<AttemptPod?> NextAsync(AttemptPod? after)
    {
        var found = await monitor.UntilAsync(() => After(after) is { } next ? new Seen(next) : Ended() ? new Seen(null) : Announce(), session.Stop);
        if (found.State is null)
        {
            // The two watches are not in step: the end may be told before the last pod.
            await monitor.RefreshPodsAsync();
            return After(after);
        }

        return found.State;
    }

    private AttemptPod? After(AttemptPod? pod) => choice.Of(monitor.Pods).FirstOrDefault(next => pod is null || next.Order.CompareTo(pod.Order) > 0);

    private bool Ended()
    {
        if (monitor.Run is not { } run)
        {
            Note("== the run was deleted");
            return true;
        }

        var status = run.Status.Value;
        // An edit that the operator has not seen may set it going again.
        if (status is null || status.ObservedGeneration < run.Metadata.Generation)
        {
            return false;
        }

        var stage = status.Stages.FirstOrDefault(known => known.Name == choice.Stage);
        return status.Conditions.Any(condition => condition.Type == ConditionTypes.Succeeded && condition.Status != ConditionStatus.Unknown)
            || stage?.State is StageState.Succeeded or StageState.Reused or StageState.Failed or StageState.Skipped
            || (choice.Attempt <= stage?.JudgedAttempts);
    }

    private Seen? Announce()
    {
        var status = monitor.Run?.Status.Value;
        if (status?.Reason is Reasons.Suspended or Reasons.GateHeld or Reasons.WaitingForRetry or Reasons.WaitingForStorage or Reasons.Queued)
        {
            Note($"== {status.Reason}: {status.Message}");
        }

        return null;
    }

    private void Note(string text)
    {
        if (text != _lastNote)
        {
            session.Error.WriteLine(text);
            session.Error.Flush();
            _lastNote = text;
        }
    }

    private sealed record Seen(AttemptPod? State);
}

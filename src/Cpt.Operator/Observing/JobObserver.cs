using System.Globalization;
using System.Text.RegularExpressions;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Planning;

namespace Cpt.Operator.Observing;

/// <summary>
/// A Job with its Pods, as the planner sees it. The Job controller alone says that an attempt is over: a pod that has ended under a Job that is not marked yet counts as running, for
/// another pod of the same Job may still follow.
/// </summary>
internal static partial class JobObserver
{
    private const string PolicyMatched = "PodFailurePolicy";
    private const string LimitExceeded = "BackoffLimitExceeded";

    /// <param name="job">Of a run.</param>
    /// <param name="pods">All of the Job's that exist.</param>
    /// <param name="ends">Of pods that exist no more.</param>
    /// <param name="runUid">The run that looks: a Job of an earlier run of the same name is not its own.</param>
    /// <returns>Null for a Job without the labels of an attempt.</returns>
    public static ObservedJob? Observe(Job job, IReadOnlyList<Pod> pods, IEnumerable<PodEnd> ends, string runUid)
    {
        var labels = job.Metadata.Labels ?? [];
        if (!labels.TryGetValue(Labels.Stage, out var stage)
            || !int.TryParse(labels.GetValueOrDefault(Labels.Attempt), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt))
        {
            return null;
        }

        var observed = new ObservedJob
        {
            Name = job.Metadata.Name!,
            Stage = stage,
            Attempt = attempt,
            StageHash = labels.GetValueOrDefault(Labels.StageHash, ""),
            RetryToken = job.Metadata.Annotations?.GetValueOrDefault(Annotations.RetryToken) ?? "",
            Owned = job.Metadata.OwnerReferences?.Exists(owner => owner.Controller == true && owner.Uid == runUid) == true,
            Phase = Phase(job, pods),
            Stopping = job.Metadata.DeletionTimestamp is not null,
            CreatedAt = job.Metadata.CreationTimestamp,
        };
        return observed.Live ? Live(observed, pods) : Ended(observed, job, [.. pods.Select(PodEnd.Of).OfType<PodEnd>(), .. ends]);
    }

    /// <summary>Created suspended for a queue, admitted, and suspended again: its pods are taken away, and the queue may start it anew at any time.</summary>
    /// <param name="job">Not ended.</param>
    /// <param name="pods">All of the Job's that exist.</param>
    /// <param name="ran">Whether the run's status knows it as running: its pods may be gone already.</param>
    public static bool IsEvictedByQueue(Job job, IReadOnlyList<Pod> pods, bool ran) =>
        job.Spec.Suspend == true && !job.IsComplete && !job.IsFailed && (ran || pods.Count > 0);

    private static JobPhase Phase(Job job, IReadOnlyList<Pod> pods)
    {
        if (job.IsComplete)
        {
            return JobPhase.Succeeded;
        }

        // Two watches: the Pod's may be behind the Job's. Without its end a preemption would pass for a failure; and no attempt starts beside a pod that still ends.
        if (job.IsFailed && pods.All(pod => PodEnd.Of(pod) is not null))
        {
            return JobPhase.Failed;
        }

        if (job.Spec.Suspend == true && pods.Count == 0)
        {
            return JobPhase.Queued;
        }

        // Several workers train only together.
        var started = pods.Count(pod => PodReasons.Trainer(pod)?.State is { Running: not null } or { Terminated: not null } || pod.Status?.Phase is "Running" or "Succeeded" or "Failed");
        return started >= Math.Max(1, job.Spec.Completions ?? 1) ? JobPhase.Running : JobPhase.Pending;
    }

    private static ObservedJob Live(ObservedJob observed, IReadOnlyList<Pod> pods)
    {
        var newest = pods.MaxBy(pod => pod.Metadata.CreationTimestamp);
        return newest is null ? observed : observed with
        {
            StartedAt = PodReasons.Trainer(newest)?.State?.Running?.StartedAt,
            Reasons = PodReasons.Of(newest),
            Message = PodReasons.Message(newest),
        };
    }

    private static ObservedJob Ended(ObservedJob observed, Job job, IReadOnlyList<PodEnd> ends)
    {
        var failed = observed.Phase == JobPhase.Failed;
        var condition = job.Status?.Conditions?.Find(condition => condition.Type == (failed ? "Failed" : "Complete") && condition.IsTrue);
        var end = failed ? PodEnd.Deciding(ends) : ends.FirstOrDefault(end => end.ExitCode == ExitCodes.Done);
        if (end is not null)
        {
            return observed with
            {
                StartedAt = end.StartedAt,
                FinishedAt = end.FinishedAt ?? condition?.LastTransitionTime ?? job.Status?.CompletionTime,
                ExitCode = end.ExitCode,
                Reasons = end.Reasons,
                Message = end.Message ?? (failed ? condition?.Message : null),
                Result = end.Result,
            };
        }

        // No pod is left to ask; a server that knows failure policies has written what it matched.
        var matched = condition is { Reason: PolicyMatched, Message: { } text } ? text : "";
        return observed with
        {
            StartedAt = job.Status?.StartTime,
            FinishedAt = job.Status?.CompletionTime ?? condition?.LastTransitionTime,
            ExitCode = ExitCode().Match(matched) is { Success: true } code ? int.Parse(code.Groups["code"].ValueSpan, CultureInfo.InvariantCulture) : failed ? null : ExitCodes.Done,
            Reasons = PodCondition().Match(matched) is { Success: true } named ? [named.Groups["type"].Value] : GoneReasons(failed ? condition?.Reason : null),
            Message = failed ? condition?.Message : null,
        };
    }

    /// <summary>A Job that ran into its own limit failed; one that only counted a failed pod, which is nowhere, lost it.</summary>
    private static IReadOnlyList<string> GoneReasons(string? reason) => reason switch
    {
        null or "" or PolicyMatched => [],
        LimitExceeded => [AttemptEnds.PodGone, LimitExceeded],
        _ => [reason],
    };

    [GeneratedRegex(@"exit code (?<code>[0-9]{1,3})\b", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ExitCode();

    [GeneratedRegex(@"has condition (?<type>[A-Za-z]+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex PodCondition();
}

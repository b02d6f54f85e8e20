using System.Globalization;
using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Rules;

/// <summary>
/// Judges how attempts ended, each once. Retries are counted without progress: a stage that commits newer checkpoints between its failures may fail
/// as often as it must, and one that fails at the same place again and again is given up.
/// </summary>
internal static class Attempts
{
    /// <param name="draft">The decision.</param>
    /// <param name="stage">A stage without a living Job.</param>
    /// <param name="exceptLast">The last attempt finished the stage, whatever became of its process: only earlier ones are judged.</param>
    /// <returns>False when something must be looked up first, or the stage has failed.</returns>
    public static bool Judge(Draft draft, StageDraft stage, bool exceptLast)
    {
        var ended = draft.Jobs.Where(job => job.Stage == stage.Name && job.Attempt > stage.Status.JudgedAttempts && !job.Live).ToList();
        var vanished = Vanished(draft, stage);
        if (exceptLast)
        {
            ended.RemoveAll(job => job.Attempt == stage.Status.Attempts);
            vanished = false;
        }

        var fresh = stage.Status.Attempts == 0 || ended.Count > 0;
        if (stage.Final is null && fresh && !FindNewestStep(draft, stage))
        {
            return false;
        }

        var progress = stage.LastProgressAttempt(draft.Run.Metadata.Name, draft.Run.Metadata.Namespace!);
        ObservedJob? last = null;
        foreach (var job in ended)
        {
            Count(draft, stage, job, progress);
            last = job;
        }

        if (vanished)
        {
            CountVanished(draft, stage);
        }
        else if (last is not null && !exceptLast)
        {
            return Decide(draft, stage, last);
        }

        return true;
    }

    private static bool FindNewestStep(Draft draft, StageDraft stage)
    {
        if (draft.Find(new Need.NewestStep(stage.StageHash!)) is not { } found)
        {
            return false;
        }

        if (found.Failure is { } failure)
        {
            Failure.Of(draft, stage, failure);
            return false;
        }

        stage.NewestStep = found.Value as CheckpointManifest;
        if (stage.NewestStep is { } newest)
        {
            // What is committed is what counts now; steps beyond it went with the attempt.
            stage.Status = stage.Status with { CheckpointStep = newest.Step, Progress = Progress.Text(newest.Step, newest.StepsDue) };
        }

        return true;
    }

    private static void Count(Draft draft, StageDraft stage, ObservedJob job, int progress)
    {
        var status = stage.Status;
        var end = EndOf(stage, job);
        var counts = job.RetryToken == draft.RetryToken && job.StageHash == stage.StageHash;
        stage.Status = status with
        {
            JudgedAttempts = job.Attempt,
            LastExitCode = job.ExitCode,
            Reason = ReasonOf(end, job),
            Message = MessageOf(end, job),
            Preemptions = status.Preemptions + (end == AttemptEnd.Preempted ? 1 : 0),
            Retries = status.Retries + (end is AttemptEnd.Failed ? 1 : 0),
            FailuresInARow = end != AttemptEnd.Failed || !counts ? status.FailuresInARow : job.Attempt == progress ? 1 : status.FailuresInARow + 1,
            StoppedAttempt = status.StoppedAttempt == job.Attempt ? null : status.StoppedAttempt,
        };
        draft.Say(nameof(Attempts), stage.Name, stage.Status.Reason!, string.Create(CultureInfo.InvariantCulture, $"Attempt {job.Attempt} of stage {stage.Name} ended: {stage.Status.Message}"));
    }

    /// <summary>Success without a commit is no success: the steps were not done, or went somewhere else.</summary>
    private static AttemptEnd? EndOf(StageDraft stage, ObservedJob job)
    {
        var end = AttemptEnds.Of(job);
        return end == AttemptEnd.Completed ? AttemptEnd.Failed
            : end != AttemptEnd.Permanent && stage.Status.StoppedAttempt == job.Attempt ? null
            : end;
    }

    private static bool Decide(Draft draft, StageDraft stage, ObservedJob last)
    {
        draft.NextRetryTime = null;
        var end = EndOf(stage, last);
        var status = stage.Status;
        if (end == AttemptEnd.Permanent && last.RetryToken == draft.RetryToken && last.StageHash == stage.StageHash)
        {
            Failure.Of(draft, stage, Reasons.StageFailed, status.Reason!, status.Message!, last.FinishedAt);
            return false;
        }

        if (end != AttemptEnd.Failed)
        {
            return true;
        }

        var maximum = draft.Run.Spec.Retry!.MaxRetries!.Value;
        if (status.FailuresInARow > maximum)
        {
            stage.Status = status with { Retries = status.Retries - 1 };
            var message = string.Create(
                CultureInfo.InvariantCulture,
                $"Failed {status.FailuresInARow} times in a row without a newer checkpoint (spec.retry.maxRetries is {maximum}). The last time: {status.Message}");
            Failure.Of(draft, stage, Reasons.RetriesExhausted, status.Reason!, message, last.FinishedAt);
            return false;
        }

        draft.NextRetryTime = (last.FinishedAt ?? draft.Now) + Backoff.Delay(draft.Run.Spec.Retry.Backoff!, Math.Max(1, status.FailuresInARow));
        return true;
    }

    /// <summary>The Job was seen, had not ended, and is no more: its pods were deleted with it.</summary>
    private static bool Vanished(Draft draft, StageDraft stage)
    {
        var status = stage.Status;
        return status.Job is not null && status.Attempts > status.JudgedAttempts
            && !draft.Jobs.Any(job => job.Stage == stage.Name && job.Attempt == status.Attempts);
    }

    private static void CountVanished(Draft draft, StageDraft stage)
    {
        var status = stage.Status;
        var asked = status.StoppedAttempt == status.Attempts;
        stage.Status = status with
        {
            JudgedAttempts = status.Attempts,
            Preemptions = status.Preemptions + (asked ? 0 : 1),
            StoppedAttempt = null,
            Reason = asked ? "Stopped" : "JobGone",
            Message = asked ? "Stopped as it was asked to." : "Its Job was deleted while it ran.",
        };
        draft.Say(nameof(Attempts), stage.Name, stage.Status.Reason!, string.Create(CultureInfo.InvariantCulture, $"Attempt {status.Attempts} of stage {stage.Name} ended: {stage.Status.Message}"));
    }

    private static string ReasonOf(AttemptEnd? end, ObservedJob job) => end switch
    {
        null => "Stopped",
        AttemptEnd.Preempted => job.Reasons.FirstOrDefault() ?? "Preempted",
        _ when job.Phase == JobPhase.Succeeded => "NothingCommitted",
        _ => job.Result?.Reason ?? job.Reasons.FirstOrDefault() ?? "Failed",
    };

    private static string MessageOf(AttemptEnd? end, ObservedJob job)
    {
        var said = job.Result?.Message ?? job.Message;
        var code = job.ExitCode is { } exit ? string.Create(CultureInfo.InvariantCulture, $"exit code {exit}") : "no exit code";
        var text = end switch
        {
            null => "Stopped as it was asked to.",
            AttemptEnd.Preempted => job.ExitCode == ExitCodes.Stopped ? "Stopped from outside after saving." : $"Taken away ({string.Join(", ", job.Reasons)}).",
            _ when job.Phase == JobPhase.Succeeded => "The trainer said success, but the final checkpoint or a due score is not in storage.",
            // A process that the kernel kills leaves no message of its own.
            _ when job.Reasons.Contains("OOMKilled") => $"Memory ran out and the kernel ended the trainer ({code}). Raise template.resources.limits.memory, or lower parameters.microBatchSize or the sequence length.",
            _ => said is null ? $"The trainer failed with {code}." : $"{said.TrimEnd('.')} ({code}).",
        };

        // Statuses of 64 stages must fit into one object; the whole text stands in the logs and the events.
        return text.Length <= 512 ? text : text[..511] + "…";
    }
}

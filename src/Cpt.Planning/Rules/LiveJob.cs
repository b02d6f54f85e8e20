using System.Globalization;
using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Rules;

/// <summary>The current attempt lives: show what it does, and when nothing moves, say so.</summary>
internal static class LiveJob
{
    /// <summary>How long a step may take before somebody should look. Loading a large model counts as one.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public static bool Apply(Draft draft)
    {
        if (draft.LiveJobs.LastOrDefault() is not { } job)
        {
            return false;
        }

        var stage = draft.Current!;
        var evaluating = job.Progress?.Phase == TrainerPhase.Evaluating;
        var progress = job.Progress is { Steps: > 0 } seen ? Progress.Text(seen.Step, seen.Steps) : stage.Status.Progress;
        var sampled = job.Progress is { Sampled: { } done, ToSample: { } due } ? Progress.Text(done, due) : stage.Status.Sampled;
        var moved = progress != stage.Status.Progress || sampled != stage.Status.Sampled || stage.Status.Job != stage.Before?.Job || State(job, evaluating) != stage.Before?.State;
        var since = moved ? draft.Now : stage.Status.ProgressTime ?? draft.Now;
        stage.Status = stage.Status with
        {
            State = State(job, evaluating),
            Job = job.Name,
            StartedAt = stage.Status.StartedAt ?? job.CreatedAt ?? draft.Now,
            Sampled = sampled,
            Kept = job.Progress is { Kept: { } kept, ToSample: { } from } ? Progress.Text(kept, from) : stage.Status.Kept,
            Probe = job.Progress?.Probe ?? stage.Status.Probe,
            Progress = progress,
            ProgressTime = since,
            CheckpointStep = job.Progress is { CheckpointStep: > 0 } committed ? committed.CheckpointStep : stage.Status.CheckpointStep,
        };
        draft.NextRetryTime = null;
        Watch(draft, job, since);
        var (reason, verb) = job.Phase switch
        {
            JobPhase.Queued => (Reasons.Queued, "waits in its queue"),
            JobPhase.Pending => (Reasons.Pending, "is starting"),
            _ when job.Stopping => (Reasons.Running, "is ending"),
            _ when evaluating => (Reasons.Evaluating, "is scored"),
            _ when job.Progress?.Phase == TrainerPhase.Probing => (Reasons.Running, "is probed"),
            _ when job.Progress?.Phase == TrainerPhase.Sampling => (Reasons.Running, "samples what its input model answers"),
            _ => (Reasons.Running, "trains"),
        };
        draft.Conclude(
            nameof(LiveJob), RunOutcome.Active, reason, string.Create(CultureInfo.InvariantCulture, $"Stage {stage.Name} {verb} (attempt {job.Attempt})."), stage.Name);
        return true;
    }

    private static void Watch(Draft draft, ObservedJob job, DateTimeOffset since)
    {
        if (job.Phase == JobPhase.Queued)
        {
            return;
        }

        if (draft.Now < since + Patience)
        {
            draft.LookAgain(since + Patience);
            return;
        }

        var minutes = Patience.TotalMinutes.ToString(CultureInfo.InvariantCulture);
        var cause = job.Message is null && job.Reasons.Count == 0 ? "" : $" ({string.Join(", ", [.. job.Reasons, .. job.Message is null ? (string[])[] : [job.Message]])})";
        draft.Stalled = job.Phase == JobPhase.Pending
            ? (Reasons.NotStarting, $"{job.Name} has not started for {minutes} minutes or more{cause}.")
            : (Reasons.NoProgress, $"{job.Name} runs, but its step count has not moved for {minutes} minutes or more{cause}.");
    }

    private static StageState State(ObservedJob job, bool evaluating) =>
        job.Phase is JobPhase.Queued or JobPhase.Pending ? StageState.Pending : evaluating ? StageState.Evaluating : StageState.Running;
}

using System.Globalization;
using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>Makes the plan of a draft: the status in full, written only where it differs, and the actions after it.</summary>
internal static class Summary
{
    public static Plan Of(Draft draft)
    {
        var status = Status(draft);
        TimeToLive(draft, status);
        var change = Changes.Between(draft.Seen.Run.Status, status);
        var persist = change == Change.None ? (PlanAction[])[] : [new PlanAction.PersistStatus(status, ProgressOnly: change == Change.Progress)];
        return new Plan
        {
            Actions = [.. persist, .. draft.Actions],
            Status = status,
            RequeueAt = draft.RequeueAt,
            Explanations = draft.Explanations,
            Outcome = draft.Verdict.Outcome,
        };
    }

    private static ContinualRunStatus Status(Draft draft)
    {
        var (outcome, reason, message) = draft.Verdict;
        var stages = Stages(draft);
        var done = stages.TakeWhile(stage => stage.State is StageState.Succeeded or StageState.Reused).ToList();
        var current = outcome == RunOutcome.Succeeded ? null : stages.Skip(done.Count).FirstOrDefault();
        var matrix = draft.Refused.Count > 0 ? draft.Before.Matrix : done.Count == 0 && draft.Baseline is null && draft.Before.Matrix is null ? null : Rows.StatusOf(draft);
        var measured = matrix is null ? null : AccuracyMatrix.FromStatus(matrix);
        var ended = outcome is RunOutcome.Succeeded or RunOutcome.Failed && draft.Refused.Count == 0;
        return new ContinualRunStatus
        {
            ObservedGeneration = draft.Run.Metadata.Generation,
            Conditions = Conditions.Of(draft),
            Reason = reason,
            Message = message,
            CurrentStage = current?.Name,
            StagesDone = string.Create(CultureInfo.InvariantCulture, $"{done.Count}/{draft.Stages.Count}"),
            Progress = current?.Progress,
            Methods = string.Join(',', draft.Stages.Select(stage => stage.Stage.Method.ToString()).Distinct(StringComparer.Ordinal)),
            StartTime = draft.StartTime,
            CompletionTime = !ended ? null : draft.Before.CompletionTime ?? current?.FinishedAt ?? done.LastOrDefault()?.FinishedAt ?? draft.Now,
            NextRetryTime = draft.NextRetryTime,
            LastRetryToken = draft.Refused.Count > 0 ? draft.Before.LastRetryToken : draft.RetryToken,
            GatesPassedAfter = draft.GatesPassedAfter,
            ImmutableFields = draft.Refused.Count > 0 ? draft.Before.ImmutableFields : ImmutableFields.Of(draft.Seen.Run),
            BaseModelDigest = draft.BaseModelDigest,
            Checkpoint = done.LastOrDefault()?.CheckpointDigest,
            Retries = stages.Sum(stage => stage.Retries),
            Preemptions = stages.Sum(stage => stage.Preemptions),
            AverageAccuracy = AccuracyMatrix.Percent(measured?.AverageAccuracy),
            Forgetting = AccuracyMatrix.Percent(measured?.Forgetting),
            ForgettingFromPeak = AccuracyMatrix.Percent(measured?.ForgettingFromPeak),
            ForwardTransfer = AccuracyMatrix.Percent(measured?.ForwardTransfer),
            Matrix = matrix,
            Stages = stages,
        };
    }

    /// <summary>A run that was refused shows its stages as they stood: nothing was decided about them.</summary>
    private static IReadOnlyList<StageStatus> Stages(Draft draft)
    {
        if (draft.Refused.Count > 0)
        {
            return draft.Before.Stages;
        }

        var failed = draft.Verdict.Outcome == RunOutcome.Failed;
        var first = draft.Stages.TakeWhile(stage => stage.Finished).Count();
        var stages = new List<StageStatus>();
        foreach (var stage in draft.Stages)
        {
            var untouched = stage.Index > first || (stage.Index == first && stage.Status.State != StageState.Failed);
            var skipped = failed && untouched;
            if (stage.Index > first && !failed)
            {
                draft.Say("Chain", stage.Name, "Later", $"Stage {stage.Name} starts when {draft.Stages[stage.Index - 1].Name} is finished.");
            }

            stages.Add(skipped ? stage.Status with { State = StageState.Skipped }
                : stage.Status.State == StageState.Skipped ? stage.Status with { State = StageState.Waiting }
                : stage.Status);
        }

        return stages;
    }

    private static void TimeToLive(Draft draft, ContinualRunStatus status)
    {
        if (draft.Run.Spec.TtlSecondsAfterFinished is not { } seconds || status.CompletionTime is not { } completed || draft.Run.Metadata.DeletionTimestamp is not null)
        {
            return;
        }

        var at = completed.AddSeconds(seconds);
        if (draft.Now < at)
        {
            draft.LookAgain(at);
            return;
        }

        draft.Say("TimeToLive", "", "Expired", string.Create(CultureInfo.InvariantCulture, $"The run ended {seconds} seconds ago or more (spec.ttlSecondsAfterFinished) and is deleted."));
        draft.Do(new PlanAction.DeleteRun());
    }
}

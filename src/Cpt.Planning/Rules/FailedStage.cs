using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>A stage that was given up ends the run until <c>spec.retryToken</c> changes.</summary>
internal static class FailedStage
{
    /// <summary>Reasons that the status may be believed about; another one stood there for something that has passed since.</summary>
    private static readonly HashSet<string?> s_final =
        [Reasons.StageFailed, Reasons.RetriesExhausted, Reasons.InputNotFound, Reasons.InputInvalid, Reasons.DeadlineExceeded];

    public static bool Apply(Draft draft)
    {
        if (draft.Current is not { Status.State: StageState.Failed } stage)
        {
            return false;
        }

        foreach (var job in draft.LiveJobs.Where(job => !job.Stopping))
        {
            draft.Do(new PlanAction.DeleteJob(job.Name, "The run has failed."));
        }

        var reason = stage.FailureReason ?? (s_final.Contains(draft.Before.Reason) ? draft.Before.Reason! : Reasons.StageFailed);
        draft.Conclude(nameof(FailedStage), RunOutcome.Failed, reason, $"Stage {stage.Name} failed: {stage.Status.Message}", stage.Name);
        return true;
    }
}

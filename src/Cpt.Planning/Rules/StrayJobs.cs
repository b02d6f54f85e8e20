using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>
/// At most one Job of a run lives, and it trains what the manifest asks for now. Any other (of an edited or removed stage, or an attempt that was overtaken)
/// is asked to end, and nothing starts before it is gone.
/// </summary>
internal static class StrayJobs
{
    public static bool Apply(Draft draft)
    {
        // Without storage the current stage cannot be named, and a healthy Job must not die of that.
        if (draft.Unavailable is not null || draft.Current?.Status.State == StageState.Failed)
        {
            return false;
        }

        var strays = draft.LiveJobs.Where(job => !Belongs(draft.Current, job)).ToList();
        foreach (var job in strays)
        {
            if (!job.Stopping)
            {
                draft.Do(new PlanAction.DeleteJob(job.Name, "It does not train what the run asks for now."));
            }

            if (draft.Current?.Name == job.Stage)
            {
                draft.Current.Status = draft.Current.Status with { State = StageState.Waiting, StoppedAttempt = job.Attempt };
            }
        }

        if (strays.Count == 0)
        {
            return false;
        }

        draft.Conclude(nameof(StrayJobs), RunOutcome.Active, Reasons.WaitingForJob, $"{strays[0].Name} does not train what the run asks for now; it is ending.", strays[0].Stage);
        return true;
    }

    private static bool Belongs(StageDraft? current, ObservedJob job) =>
        current is not null && job.Stage == current.Name && job.StageHash == current.StageHash && job.Attempt == current.Status.Attempts;
}

using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary><c>spec.suspend</c>: the trainer saves and ends, everything committed stays, and the time does not count.</summary>
internal static class Suspension
{
    public static bool Apply(Draft draft)
    {
        if (draft.Run.Spec.Suspend != true)
        {
            return false;
        }

        var stage = draft.Current!;
        var live = draft.LiveJobs.ToList();
        foreach (var job in live.Where(job => !job.Stopping))
        {
            draft.Do(new PlanAction.DeleteJob(job.Name, "spec.suspend is true."));
        }

        draft.StartTime = null;
        draft.Held = (Reasons.SpecSuspend, "spec.suspend is true.");
        stage.Status = stage.Status with { State = StageState.Waiting, StoppedAttempt = live.Count > 0 ? stage.Status.Attempts : stage.Status.StoppedAttempt };
        if (live.Count > 0)
        {
            draft.Conclude(nameof(Suspension), RunOutcome.Active, Reasons.Suspending, $"spec.suspend is true; {live[^1].Name} saves and ends.", stage.Name);
        }
        else
        {
            draft.Conclude(nameof(Suspension), RunOutcome.Suspended, Reasons.Suspended, $"spec.suspend is true; stage {stage.Name} goes on when it is false.", stage.Name);
        }

        return true;
    }
}

using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>Somebody deleted the run: its Job ends first, then its artifacts go if that is the policy, then nothing holds it any more.</summary>
internal static class Deletion
{
    public static bool Apply(Draft draft)
    {
        if (draft.Run.Metadata.DeletionTimestamp is null)
        {
            return false;
        }

        var live = draft.LiveJobs.ToList();
        foreach (var job in live.Where(job => !job.Stopping))
        {
            draft.Do(new PlanAction.DeleteJob(job.Name, "The run was deleted."));
        }

        if (live.Count > 0)
        {
            draft.Conclude(nameof(Deletion), RunOutcome.Active, Reasons.Deleting, $"The run was deleted; {live[^1].Name} is ending.");
            return true;
        }

        draft.Conclude(nameof(Deletion), RunOutcome.Suspended, Reasons.Deleting, "The run was deleted, and nothing of it runs any more.");
        if (draft.Run.Metadata.Finalizers?.Contains(Finalizers.Artifacts, StringComparer.Ordinal) != true)
        {
            return true;
        }

        if (draft.Run.Spec.Storage.DeletionPolicy == DeletionPolicy.Delete)
        {
            // What another run had trained before is not this run's to remove.
            string[] hashes = [.. draft.Before.Stages.Where(stage => stage.StageHash is not null && stage.State != StageState.Reused).Select(stage => stage.StageHash!)];
            draft.Do(new PlanAction.DeleteArtifacts(hashes));
        }

        draft.Do(new PlanAction.RemoveFinalizer());
        return true;
    }
}

using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>
/// Walks the chain from the base model to the first stage that is not finished. A stage that the status calls finished is believed without a
/// look at storage; every other one is identified by its hash, and whatever is committed under it counts: that is how a result is reused, how a crash between
/// commit and status is healed, and how a lost status comes back.
/// </summary>
internal static class ChainWalk
{
    public static bool Apply(Draft draft)
    {
        if (Order.Broken(draft) is { } errors)
        {
            Acceptance.Refuse(draft, Reasons.StageChanged, errors);
            return true;
        }

        foreach (var stage in draft.Stages)
        {
            if (stage.Finished)
            {
                FinishedStages.Carry(draft, stage);
                continue;
            }

            draft.Current = stage;
            Number(draft, stage);
            if (stage.Status.State == StageState.Failed || !Identity.Of(draft, stage))
            {
                return false;
            }

            // While its Job lives nothing is settled, and nothing needs to be looked up.
            if (draft.LiveJobs.Any(job => job.Stage == stage.Name))
            {
                return false;
            }

            if (!FinishedStages.Settle(draft, stage))
            {
                return false;
            }

            draft.Current = null;
        }

        return false;
    }

    /// <summary>The last attempt's number: what the status says, or the Jobs where the status was lost.</summary>
    private static void Number(Draft draft, StageDraft stage)
    {
        var newest = draft.Jobs.LastOrDefault(job => job.Stage == stage.Name);
        if (newest is not null && newest.Attempt >= stage.Status.Attempts)
        {
            stage.Status = stage.Status with
            {
                Attempts = newest.Attempt,
                Job = newest.Name,
                StartedAt = stage.Status.StartedAt ?? draft.Jobs.First(job => job.Stage == stage.Name).CreatedAt,
            };
        }
    }
}

using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>
/// A changed <c>spec.retryToken</c> forgets the failures so far and looks at every input anew, since a person has mended something. The token is kept
/// on each Job too, so that failures from before it do not come back with a rebuilt status.
/// </summary>
internal static class RetryToken
{
    public static bool Apply(Draft draft)
    {
        if (draft.Before.LastRetryToken is not { } seen || seen == draft.RetryToken)
        {
            return false;
        }

        foreach (var stage in draft.Stages.Where(stage => !stage.Finished))
        {
            stage.Status = stage.Status with
            {
                State = StageState.Waiting,
                FailuresInARow = 0,
                StageHash = null,
                SpecHash = null,
                TaskDigest = null,
                TaskDigests = null,
                Reason = null,
                Message = null,
                FinishedAt = null,
            };
        }

        var finished = draft.Stages.TakeWhile(stage => stage.Finished).LastOrDefault();
        if (finished is null)
        {
            draft.BaseModelDigest = null;
        }
        else if (draft.Before.Reason is Reasons.GateFailed or Reasons.GateHeld)
        {
            draft.GatesPassedAfter = finished.Name;
        }

        draft.NextRetryTime = null;
        draft.StartTime = null;
        draft.Say(nameof(RetryToken), "", "RetryRequested", $"spec.retryToken changed from \"{seen}\" to \"{draft.RetryToken}\": failures so far are forgotten.");
        return false;
    }
}

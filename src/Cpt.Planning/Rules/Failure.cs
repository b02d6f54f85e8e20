using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>How a stage is given up.</summary>
internal static class Failure
{
    /// <summary>Something that the stage needs cannot be had, and looking again will not help.</summary>
    public static void Of(Draft draft, StageDraft stage, LookupFailure failure) =>
        Of(draft, stage, failure.Reason is "NotFound" ? Reasons.InputNotFound : Reasons.InputInvalid, failure.Reason, failure.Message);

    /// <param name="draft">The decision.</param>
    /// <param name="stage">The stage that is given up.</param>
    /// <param name="runReason">One of <see cref="Reasons"/>.</param>
    /// <param name="reason">The stage's own, such as <c>NonFiniteLoss</c>.</param>
    /// <param name="message">For people.</param>
    /// <param name="at">When it ended; now, where that is not known.</param>
    public static void Of(Draft draft, StageDraft stage, string runReason, string reason, string message, DateTimeOffset? at = null)
    {
        stage.FailureReason = runReason;
        stage.Status = stage.Status with { State = StageState.Failed, Reason = reason, Message = message, FinishedAt = at ?? draft.Now };
        draft.NextRetryTime = null;
    }
}

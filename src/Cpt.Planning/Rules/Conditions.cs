using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>The five conditions. A condition keeps its transition time while its status stays the same.</summary>
internal static class Conditions
{
    public static IReadOnlyList<Condition> Of(Draft draft)
    {
        var (outcome, reason, message) = draft.Verdict;
        var succeeded = outcome switch
        {
            RunOutcome.Succeeded => ConditionStatus.True,
            RunOutcome.Failed => ConditionStatus.False,
            _ => ConditionStatus.Unknown,
        };
        return
        [
            Make(draft, ConditionTypes.Succeeded, succeeded, reason, message),
            draft.Refused.Count == 0
                ? Make(draft, ConditionTypes.Accepted, ConditionStatus.True, Reasons.Valid, "")
                : Make(draft, ConditionTypes.Accepted, ConditionStatus.False, draft.RefusedReason, string.Join("; ", draft.Refused.Take(8))),
            Storage(draft),
            draft.Held is var (held, why)
                ? Make(draft, ConditionTypes.Suspended, ConditionStatus.True, held, why)
                : Make(draft, ConditionTypes.Suspended, ConditionStatus.False, Reasons.NotSuspended, ""),
            Stalled(draft, outcome),
        ];
    }

    private static Condition Storage(Draft draft)
    {
        if (draft.Unavailable is { } failure)
        {
            return Make(draft, ConditionTypes.StorageReady, ConditionStatus.False, failure.Reason, failure.Message);
        }

        if (draft.StorageAnswered)
        {
            return Make(draft, ConditionTypes.StorageReady, ConditionStatus.True, Reasons.Readable, "");
        }

        // Nothing was looked up this time: what was known stays.
        return draft.Before.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.StorageReady) is { } known
            ? known with { ObservedGeneration = draft.Run.Metadata.Generation }
            : Make(draft, ConditionTypes.StorageReady, ConditionStatus.Unknown, Reasons.NotChecked, "");
    }

    private static Condition Stalled(Draft draft, RunOutcome outcome)
    {
        if (draft.Stalled is var (reason, message))
        {
            return Make(draft, ConditionTypes.Stalled, ConditionStatus.True, reason, message);
        }

        return outcome switch
        {
            RunOutcome.Failed => Make(draft, ConditionTypes.Stalled, ConditionStatus.True, Reasons.NeedsAttention, draft.Verdict.Message),
            RunOutcome.Suspended when draft.Held?.Reason == Reasons.GateHeld => Make(draft, ConditionTypes.Stalled, ConditionStatus.True, Reasons.NeedsAttention, draft.Verdict.Message),
            RunOutcome.Succeeded => Make(draft, ConditionTypes.Stalled, ConditionStatus.False, Reasons.Finished, ""),
            _ => Make(draft, ConditionTypes.Stalled, ConditionStatus.False, Reasons.Moving, ""),
        };
    }

    private static Condition Make(Draft draft, string type, string status, string reason, string message)
    {
        var before = draft.Before.Conditions.FirstOrDefault(condition => condition.Type == type);
        return new Condition
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = message,
            ObservedGeneration = draft.Run.Metadata.Generation,
            LastTransitionTime = before?.Status == status ? before.LastTransitionTime : draft.Now,
        };
    }
}

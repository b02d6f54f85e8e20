using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>A run that cannot be carried out is refused with the field's path. What already runs is left alone: an edit gone wrong must not cost hours of training.</summary>
internal static class Acceptance
{
    public static bool Apply(Draft draft)
    {
        var errors = draft.Seen.Refusals.Concat(RunValidator.Validate(draft.Seen.Run)).ToList();
        if (errors.Count > 0)
        {
            Refuse(draft, Reasons.InvalidSpec, errors);
            return true;
        }

        errors.AddRange(ImmutableFields.Changed(draft.Before.ImmutableFields ?? new Dictionary<string, string>(StringComparer.Ordinal), draft.Seen.Run));
        if (errors.Count > 0)
        {
            Refuse(draft, Reasons.ImmutableChanged, errors);
            return true;
        }

        return false;
    }

    public static void Refuse(Draft draft, string reason, IReadOnlyList<FieldError> errors)
    {
        draft.Refused = errors;
        draft.RefusedReason = reason;
        foreach (var error in errors)
        {
            draft.Say(nameof(Acceptance), "", reason, error.ToString());
        }

        var live = draft.LiveJobs.LastOrDefault();
        draft.Conclude(
            nameof(Acceptance),
            live is null ? RunOutcome.Failed : RunOutcome.Active,
            reason,
            live is null ? $"The run cannot be carried out: {errors[0]}" : $"{live.Name} goes on; nothing follows until this is mended: {errors[0]}");
    }
}

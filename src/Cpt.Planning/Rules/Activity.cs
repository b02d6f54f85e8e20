namespace Cpt.Planning.Rules;

/// <summary>Since when the run is active: from its first sight, from a resume, from a retry, or from a stage added after its end.</summary>
internal static class Activity
{
    public static bool Apply(Draft draft)
    {
        if (draft.Before.CompletionTime is not null)
        {
            draft.StartTime = null;
        }

        var lost = draft.Before.Conditions.Count == 0;
        draft.StartTime ??= lost ? draft.Jobs.Select(job => job.CreatedAt).Append(draft.Now).Min() : draft.Now;
        return false;
    }
}

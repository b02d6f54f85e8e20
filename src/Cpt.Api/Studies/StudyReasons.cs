namespace Cpt.Api;

/// <summary>Reasons of a study's conditions.</summary>
public static class StudyReasons
{
    // Succeeded=Unknown

    /// <summary>Runs are at work, or their turn comes.</summary>
    public const string Running = "Running";

    /// <summary>spec.suspend is true; runs that were at work save and end.</summary>
    public const string Suspending = "Suspending";

    /// <summary>spec.suspend is true, and no run is at work.</summary>
    public const string Suspended = "Suspended";

    // Succeeded=True

    /// <summary>Every run succeeded.</summary>
    public const string AllRunsSucceeded = "AllRunsSucceeded";

    // Succeeded=False

    /// <summary>A field of the spec is wrong, or a run that it means could not be carried out; the condition Accepted says which.</summary>
    public const string InvalidSpec = "InvalidSpec";

    /// <summary>A run of this name is there and belongs to somebody else; nothing of it is touched.</summary>
    public const string NameTaken = "NameTaken";

    /// <summary>Every run has ended, and some failed; change spec.retryToken to try those again.</summary>
    public const string RunsFailed = "RunsFailed";

    // Other conditions

    /// <summary>The spec can be carried out.</summary>
    public const string Valid = "Valid";

    /// <summary>Nothing holds the study back.</summary>
    public const string NotSuspended = "NotSuspended";

    /// <summary>spec.suspend is true.</summary>
    public const string SpecSuspend = "SpecSuspend";

    /// <summary>Which of them a condition can have, by its status.</summary>
    public static IReadOnlyList<(string Condition, string Status, IReadOnlyList<string> Reasons)> ByCondition { get; } =
    [
        (ConditionTypes.Succeeded, ConditionStatus.Unknown, [Running, Suspending, Suspended]),
        (ConditionTypes.Succeeded, ConditionStatus.True, [AllRunsSucceeded]),
        (ConditionTypes.Succeeded, ConditionStatus.False, [InvalidSpec, NameTaken, RunsFailed]),
        (ConditionTypes.Accepted, ConditionStatus.True, [Valid]),
        (ConditionTypes.Accepted, ConditionStatus.False, [InvalidSpec, NameTaken]),
        (ConditionTypes.Suspended, ConditionStatus.True, [SpecSuspend]),
        (ConditionTypes.Suspended, ConditionStatus.False, [NotSuspended]),
    ];
}

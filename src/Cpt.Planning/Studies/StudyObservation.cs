using Cpt.Api;

namespace Cpt.Planning;

/// <summary>Everything a decision about a study rests on.</summary>
public sealed record StudyObservation
{
    /// <summary>With the status that was written last.</summary>
    public required ContinualStudy Study { get; init; }

    /// <summary>The runs it means, in the order in which they are to be started; empty where it is wrong.</summary>
    public IReadOnlyList<StudyRun> Wanted { get; init; } = [];

    /// <summary>What is wrong with it.</summary>
    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>Runs that it owns, and whatever else has the name of a run that it means.</summary>
    public IReadOnlyList<ObservedRun> Runs { get; init; } = [];

    public required DateTimeOffset Now { get; init; }
}

/// <param name="Run">As the cluster has it.</param>
/// <param name="Owned">By this study; anything else is left alone.</param>
public sealed record ObservedRun(ContinualRun Run, bool Owned);

/// <summary>What to do about a study. Carry out <see cref="Actions"/> in order; each may be repeated.</summary>
public sealed record StudyPlan
{
    public IReadOnlyList<StudyAction> Actions { get; init; } = [];

    /// <summary>The next status, also where it does not differ.</summary>
    public required ContinualStudyStatus Status { get; init; }
}

/// <summary>One thing to do.</summary>
public abstract record StudyAction
{
    public sealed record PersistStatus(ContinualStudyStatus Status) : StudyAction;

    /// <summary>Create a run. Exists already: fine if it is owned by this study.</summary>
    public sealed record CreateRun(ContinualRun Run) : StudyAction;

    /// <summary>Give a run another spec: the study was edited, suspended or resumed, or the run is to be retried.</summary>
    /// <param name="Run">Spec and annotations as they should be.</param>
    /// <param name="Why">For the log and the event.</param>
    public sealed record UpdateRun(ContinualRun Run, string Why) : StudyAction;

    /// <summary>The study does not mean this run any more.</summary>
    public sealed record DeleteRun(string Name) : StudyAction;
}

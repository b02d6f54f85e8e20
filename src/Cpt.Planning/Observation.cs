using Cpt.Api;

namespace Cpt.Planning;

/// <summary>
/// Everything a decision rests on, gathered before it is made. The operator fills it from Jobs and Pods, the local runner from child
/// processes; the planner cannot tell them apart.
/// </summary>
public sealed record Observation
{
    /// <summary>The run with its status as it was last written.</summary>
    public required ContinualRun Run { get; init; }

    /// <summary>Every Job of the run that exists, in any order, also those of earlier stages.</summary>
    public IReadOnlyList<ObservedJob> Jobs { get; init; } = [];

    /// <summary>What was looked up in storage; <c>Planner.Needs</c> says what is still missing.</summary>
    public Artifacts Artifacts { get; init; } = Artifacts.Empty;

    /// <summary>What the gatherer knows to be wrong with the run beyond <c>RunValidator</c>, for example <c>file://</c> on a cluster.</summary>
    public IReadOnlyList<FieldError> Refusals { get; init; } = [];

    /// <summary>The time.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Shorthand for the run's status, empty where there is none yet.</summary>
    public ContinualRunStatus Status => Run.Status ?? new ContinualRunStatus();
}

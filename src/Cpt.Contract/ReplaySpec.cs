namespace Cpt.Contract;

/// <summary>Samples of earlier stages' tasks that are mixed into every batch.</summary>
public sealed record ReplaySpec
{
    /// <summary>Share of the stage's samples, 1..99; exact over the steps, whatever the batch's size.</summary>
    public required int Percentage { get; init; }

    /// <summary>Tasks of earlier stages, each with its own scorer; all have an equal share. Never empty: a stage without earlier ones replays nothing and has no such block.</summary>
    public required IReadOnlyList<TaskInput> Tasks { get; init; }
}

namespace Cpt.Api;

/// <summary>A task that a stage learns: a column of the accuracy matrix.</summary>
/// <param name="Name">Of the column.</param>
/// <param name="Uri">Where its data is.</param>
/// <param name="Scorer">In place of its own.</param>
/// <param name="Field">Of the stage, for example <c>task</c>.</param>
public sealed record TaskColumn(string Name, string Uri, Scorer? Scorer, string Field);

/// <summary>The tasks of stages, and so the columns of the matrix.</summary>
public static class TaskColumns
{
    /// <summary>At least one in a valid run.</summary>
    public static IReadOnlyList<TaskColumn> Of(RunStage stage) => [new TaskColumn(stage.Name, stage.Task.Uri, stage.Task.Scorer, "task")];

    /// <summary>All of the run, in chain order.</summary>
    public static IEnumerable<TaskColumn> Of(IEnumerable<RunStage> stages) => stages.SelectMany(Of);
}

using System.Globalization;

namespace Cpt.Api;

/// <summary>A task that a stage learns: a column of the accuracy matrix.</summary>
/// <param name="Name">Of the column: the stage's name, or the task's where the stage learns several.</param>
/// <param name="Uri">Where its data is.</param>
/// <param name="Scorer">In place of its own.</param>
/// <param name="Stage">Name of the stage that learns it.</param>
/// <param name="Field">Where it stands in the stage: <c>task</c> or <c>tasks[0]</c>.</param>
public sealed record TaskColumn(string Name, string Uri, Scorer? Scorer, string Stage, string Field);

/// <summary>The tasks of stages, and so the columns of the matrix.</summary>
public static class TaskColumns
{
    /// <summary>At least one in a valid run.</summary>
    public static IReadOnlyList<TaskColumn> Of(RunStage stage) => stage switch
    {
        { Tasks: { Count: > 0 } tasks } =>
            [.. tasks.Select((task, place) => new TaskColumn(task.Name, task.Uri, task.Scorer, stage.Name, string.Create(CultureInfo.InvariantCulture, $"tasks[{place}]")))],
        { Task: { } task } => [new TaskColumn(stage.Name, task.Uri, task.Scorer, stage.Name, "task")],
        _ => [],
    };

    /// <summary>All of the run, in chain order.</summary>
    public static IEnumerable<TaskColumn> Of(IEnumerable<RunStage> stages) => stages.SelectMany(Of);

    /// <summary>The same stage with its data elsewhere.</summary>
    public static RunStage Moved(RunStage stage, Func<string, string> uri) => stage with
    {
        Task = stage.Task is null ? null : stage.Task with { Uri = uri(stage.Task.Uri) },
        Tasks = stage.Tasks is null ? null : [.. stage.Tasks.Select(task => task with { Uri = uri(task.Uri) })],
    };
}

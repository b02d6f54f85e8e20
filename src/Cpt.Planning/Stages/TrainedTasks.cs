using Cpt.Api;

namespace Cpt.Planning;

/// <summary>Everything a stage's training reads, and so what its hash is made of: its own tasks, then those of earlier stages.</summary>
internal static class TrainedTasks
{
    /// <summary>Tasks that are replayed; empty in the first stage, which has none before it.</summary>
    public static IReadOnlyList<TaskColumn> Replayed(ContinualRunSpec spec, int index) => spec.Stages[index].Replay is not { } replay ? []
        : [.. TaskColumns.Of(spec.Stages.Take(index).Where(stage => replay.FromStages is null or [] || replay.FromStages.Contains(stage.Name, StringComparer.Ordinal)))];

    /// <summary>Tasks whose weights are held by <c>regularization.ewc</c>: all earlier ones.</summary>
    public static IReadOnlyList<TaskColumn> Protected(ContinualRunSpec spec, int index) => spec.Stages[index].Regularization?.Ewc is null ? [] : [.. TaskColumns.Of(spec.Stages.Take(index))];

    /// <summary>Each once, in a fixed order: what the status lists digests by.</summary>
    public static IReadOnlyList<string> Uris(ContinualRunSpec spec, int index) =>
        [.. TaskColumns.Of(spec.Stages[index]).Concat(Replayed(spec, index)).Concat(Protected(spec, index)).Select(task => task.Uri).Distinct(StringComparer.Ordinal)];
}

using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>
/// The matrix as the status shows it: rows from evaluations that were looked up for this decision, and else as they were written before. Measures are taken
/// from the written numbers, so that they can be checked against them and never flicker in their last digit.
/// </summary>
internal static class Rows
{
    public static AccuracyMatrix Of(Draft draft) => AccuracyMatrix.FromStatus(StatusOf(draft));

    public static MatrixStatus StatusOf(Draft draft)
    {
        var columns = TaskColumns.Of(draft.Run.Spec.Stages).ToList();
        IReadOnlyList<string> tasks = [.. columns.Select(column => column.Name)];
        IReadOnlyList<string> benchmarks = [.. (draft.Run.Spec.Evaluation?.Benchmarks ?? []).Select(benchmark => benchmark.Name)];
        var finished = draft.Stages.TakeWhile(stage => stage.Finished).ToList();
        var looked = AccuracyMatrix.FromEvaluations(tasks, benchmarks, draft.Baseline, [.. finished.Select(stage => stage.Evaluation)], [.. columns.Select(column => column.Stage)]).ToStatus();
        var rows = looked.Rows.Select((row, index) => (index == 0 ? draft.Baseline is null : finished[index - 1].Evaluation is null) ? Kept(draft.Before.Matrix, tasks, benchmarks, row) : row);
        return looked with { Rows = [.. rows] };
    }

    private static MatrixRowStatus Kept(MatrixStatus? before, IReadOnlyList<string> tasks, IReadOnlyList<string> benchmarks, MatrixRowStatus empty)
    {
        if (before?.Rows.FirstOrDefault(row => row.After == empty.After) is not { } kept)
        {
            return empty;
        }

        return kept with { Tasks = Move(before.Tasks, kept.Tasks, tasks), Benchmarks = Move(before.Benchmarks, kept.Benchmarks, benchmarks) };
    }

    /// <summary>Cells by name: columns may have been added or removed since.</summary>
    private static IReadOnlyList<string> Move(IReadOnlyList<string> from, IReadOnlyList<string> cells, IReadOnlyList<string> to)
    {
        if (from.SequenceEqual(to, StringComparer.Ordinal))
        {
            return cells;
        }

        var byName = from.Zip(cells).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
        return [.. to.Select(name => byName.GetValueOrDefault(name, ""))];
    }
}

using Cpt.Cli.Status;

namespace Cpt.Cli.Studies;

/// <summary>What a finished chain is judged by, beyond what its status says. A[i][j] is the score on task j after stage i, row 0 the base model; all in percent.</summary>
internal static class RunMeasures
{
    /// <summary>Mean over j of A[j][j]: what was reached on each new task right after learning it.</summary>
    public static double? NewTask(StatusDocument status) => Mean(Enumerable.Range(0, status.Tasks.Count).Select(task => At(status, RowOf(status, task), task)));

    /// <summary>
    /// Forward transfer, mean over j &gt; 1 of A[j−1][j] − A[0][j]: what earlier stages did for a task before it was learned (Lopez-Paz and Ranzato, arXiv:1706.08840, against the base
    /// model). Only with <c>evaluation.scope: AllTasks</c>, which scores tasks to come.
    /// </summary>
    public static double? ForwardTransfer(StatusDocument status) => status.Tasks.Count < 2
        ? null
        : Mean(Enumerable.Range(1, status.Tasks.Count - 1).Select(task => At(status, RowOf(status, task) - 1, task) - At(status, 0, task)));

    /// <summary>Mean general skill of the base model.</summary>
    public static double? GeneralBefore(StatusDocument status) => General(status, benchmark => benchmark.Scores.ElementAtOrDefault(0));

    /// <summary>Mean general skill after the last stage.</summary>
    public static double? GeneralAfter(StatusDocument status) => General(status, benchmark => benchmark.Scores.Count > 0 ? benchmark.Scores[^1] : null);

    /// <summary>Negative = lost.</summary>
    public static double? GeneralChange(StatusDocument status) => GeneralAfter(status) - GeneralBefore(status);

    /// <summary>Steps of all stages.</summary>
    public static int Steps(StatusDocument status) => status.Stages.Sum(stage => stage.Step ?? 0);

    /// <summary>After each finished stage, the mean score over the tasks that were learned by then.</summary>
    public static IReadOnlyList<double?> AccuracyOverStages(StatusDocument status) =>
        [.. Enumerable.Range(1, Math.Max(0, status.Matrix.Count - 1)).Select(row => Mean(Enumerable.Range(0, status.Tasks.Count).Where(task => RowOf(status, task) <= row).Select(task => At(status, row, task))))];

    /// <summary>The row after the stage that learned this task. A stage that learns several tasks has its own name, and its tasks are learned in the row in which they are first scored.</summary>
    private static int RowOf(StatusDocument status, int task)
    {
        var own = status.Rows.Select((name, row) => (name, row)).FirstOrDefault(entry => entry.row > 0 && entry.name == status.Tasks[task]).row;
        return own > 0 ? own : Math.Max(1, Enumerable.Range(1, Math.Max(0, status.Matrix.Count - 1)).FirstOrDefault(row => At(status, row, task) is not null));
    }

    private static double? At(StatusDocument status, int row, int task) => status.Matrix.ElementAtOrDefault(row)?.ElementAtOrDefault(task);

    private static double? General(StatusDocument status, Func<BenchmarkStatus, double?> score) => status.Benchmarks.Count == 0 ? null : Mean(status.Benchmarks.Select(score));

    /// <summary>Null where one is not known: a mean of the rest would be another measure.</summary>
    private static double? Mean(IEnumerable<double?> values)
    {
        var all = values.ToList();
        return all.Count == 0 || all.Contains(null) ? null : all.Average();
    }
}

using Cpt.Cli.Status;

namespace Cpt.Cli.Studies;

/// <summary>What a finished chain is judged by, beyond what its status says. A[i][j] is the score on task j after stage i, row 0 the base model; all in percent.</summary>
internal static class RunMeasures
{
    /// <summary>Mean over j of A[j][j]: what was reached on each new task right after learning it.</summary>
    public static double? NewTask(StatusDocument status) => Mean(Enumerable.Range(0, status.Tasks.Count).Select(task => At(status, RowOf(status, task), task)));

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

    /// <summary>The row after the stage that learned this task; past the end where it has not been learned.</summary>
    private static int RowOf(StatusDocument status, int task)
    {
        var stage = (status.LearnedIn.Count > 0 ? status.LearnedIn : status.Tasks)[task];
        return status.Rows.Index().Where(entry => entry.Index > 0 && entry.Item == stage).Select(entry => entry.Index).DefaultIfEmpty(int.MaxValue).First();
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

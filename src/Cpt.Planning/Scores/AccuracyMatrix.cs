using System.Globalization;
using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>
/// The accuracy matrix A: A[i][j] is the score on task j after stage i; row 0 is the base model. With T finished stages, task j being learned in stage s(j), which is j where every stage learns
/// one task:
/// <list type="bullet">
/// <item>average accuracy = mean over s(j) ≤ T of A[T][j] (arXiv:2507.05386),</item>
/// <item>forgetting = mean over s(j) &lt; T of A[T][j] − A[s(j)][j],</item>
/// <item>forward transfer = mean over 1 &lt; s(j) ≤ T of A[s(j)−1][j] − A[0][j]: what learning others did to a task before it was learned (Lopez-Paz and Ranzato 2017, arXiv:1706.08840, with the base model instead of
/// random weights). Their backward transfer is <i>forgetting</i> above, sign and all,</item>
/// <item>forgetting from peak = mean over s(j) &lt; T of A[T][j] − max over i in s(j)..T of A[i][j]: the best score since the task was learned.</item>
/// </list>
/// Negative = forgotten. A measure with a missing cell is null, not a mean of the rest.
/// </summary>
public sealed class AccuracyMatrix
{
    /// <summary>The stages in chain order: every one learns at least one task, and columns stand in chain order.</summary>
    private readonly List<string> _stages;

    private AccuracyMatrix(IReadOnlyList<string> tasks, IReadOnlyList<string> learnedIn, IReadOnlyList<string> benchmarks, IReadOnlyList<AccuracyRow> rows)
    {
        Tasks = tasks;
        LearnedIn = learnedIn;
        _stages = [.. learnedIn.Distinct(StringComparer.Ordinal)];
        Benchmarks = benchmarks;
        Rows = rows;
    }

    /// <summary>Columns, in chain order: the names of stages that learn one task, and of the tasks of those that learn several.</summary>
    public IReadOnlyList<string> Tasks { get; }

    /// <summary>For each column the name of the stage that learns it.</summary>
    public IReadOnlyList<string> LearnedIn { get; }

    public IReadOnlyList<string> Benchmarks { get; }

    /// <summary>Row 0 is the base model; then the finished stages in chain order.</summary>
    public IReadOnlyList<AccuracyRow> Rows { get; }

    /// <summary>T: finished stages.</summary>
    public int Learned => Rows.Count - 1;

    /// <summary>0..1.</summary>
    public double? AverageAccuracy => Learned == 0 ? null : Mean(LearnedBy(Learned).Select(task => At(Learned, task)));

    /// <summary>−1..1; null with fewer than two finished stages.</summary>
    public double? Forgetting => Learned < 2 ? null : Mean(LearnedBy(Learned - 1).Select(task => At(Learned, task) - At(RowOf(task), task)));

    /// <summary>−1..0; null with fewer than two finished stages.</summary>
    public double? ForgettingFromPeak => Learned < 2 ? null : Mean(LearnedBy(Learned - 1).Select(task => At(Learned, task) - Peak(task)));

    /// <summary>−1..1; null with fewer than two finished stages, and where tasks are not scored before they are learned.</summary>
    public double? ForwardTransfer => Learned < 2 ? null : Mean(LearnedLater().Select(task => At(RowOf(task) - 1, task) - At(0, task)));

    /// <summary>Mean over the benchmarks of score after the last stage − score of the base model; negative = lost.</summary>
    public double? BenchmarkChange => Learned == 0 || Benchmarks.Count == 0
        ? null
        : Mean(Enumerable.Range(0, Benchmarks.Count).Select(index => Rows[Learned].Benchmarks[index]?.Accuracy - Rows[0].Benchmarks[index]?.Accuracy));

    /// <param name="tasks">Columns, in chain order.</param>
    /// <param name="benchmarks">Names.</param>
    /// <param name="baseline">Row 0, if there is one.</param>
    /// <param name="finished">The finished stages from the first on, with their evaluations.</param>
    /// <param name="learnedIn">For each column its stage; null: the stage of the same name.</param>
    public static AccuracyMatrix FromEvaluations(
        IReadOnlyList<string> tasks, IReadOnlyList<string> benchmarks, EvaluationDocument? baseline, IReadOnlyList<EvaluationDocument?> finished, IReadOnlyList<string>? learnedIn = null)
    {
        var stages = (learnedIn ?? tasks).Distinct(StringComparer.Ordinal).ToList();
        var rows = new List<AccuracyRow> { Row("", baseline) };
        rows.AddRange(finished.Select((evaluation, index) => Row(stages[index], evaluation)));
        return new AccuracyMatrix(tasks, learnedIn ?? tasks, benchmarks, rows);

        AccuracyRow Row(string after, EvaluationDocument? evaluation) => new(
            after,
            [.. tasks.Select(name => Cell(evaluation, ScoreKind.Task, name))],
            [.. benchmarks.Select(name => Cell(evaluation, ScoreKind.Benchmark, name))]);
    }

    /// <summary>The matrix as the status has it: two decimals of a percent, no sample counts.</summary>
    public static AccuracyMatrix FromStatus(MatrixStatus status)
    {
        return new AccuracyMatrix(status.Tasks, status.LearnedIn ?? status.Tasks, status.Benchmarks, [.. status.Rows.Select(row => new AccuracyRow(
            row.After, [.. status.Tasks.Select((_, index) => Cell(row.Tasks, index))], [.. status.Benchmarks.Select((_, index) => Cell(row.Benchmarks, index))]))]);

        static AccuracyCell? Cell(IReadOnlyList<string> cells, int index) =>
            index < cells.Count && double.TryParse(cells[index], CultureInfo.InvariantCulture, out var percent) ? new AccuracyCell(percent / 100) : null;
    }

    /// <summary>The matrix as it was after so many finished stages: its measures are those of that time.</summary>
    public AccuracyMatrix After(int learned) => new(Tasks, LearnedIn, Benchmarks, [.. Rows.Take(learned + 1)]);

    /// <summary>For the status of a run.</summary>
    public MatrixStatus ToStatus()
    {
        return new MatrixStatus
        {
            Tasks = Tasks,
            LearnedIn = LearnedIn.SequenceEqual(Tasks, StringComparer.Ordinal) ? null : LearnedIn,
            Benchmarks = Benchmarks,
            Rows = [.. Rows.Select(row => new MatrixRowStatus { After = row.After, Tasks = Cells(row.Tasks), Benchmarks = Cells(row.Benchmarks) })],
        };

        static IReadOnlyList<string> Cells(IReadOnlyList<AccuracyCell?> cells) => [.. cells.Select(cell => Percent(cell?.Accuracy) ?? "")];
    }

    /// <summary>0.541666 → <c>54.17</c>; −0 is written as 0.</summary>
    public static string? Percent(double? fraction) =>
        fraction is { } value ? (Math.Round(value * 100, 2, MidpointRounding.AwayFromZero) + 0.0).ToString("0.00", CultureInfo.InvariantCulture) : null;

    /// <summary>A score that is not a finite number counts as missing.</summary>
    private static AccuracyCell? Cell(EvaluationDocument? evaluation, ScoreKind kind, string name) =>
        evaluation?.Scores.LastOrDefault(score => score.Kind == kind && score.Task == name) is { } score && double.IsFinite(score.Accuracy)
            ? new AccuracyCell(score.Accuracy, score.Samples, score.LostFromPrevious, score.GainedFromPrevious)
            : null;

    private static double? Mean(IEnumerable<double?> values)
    {
        var list = values.ToList();
        return list.Contains(null) ? null : list.Average();
    }

    /// <summary>Columns of all finished stages but the first, before which nothing was learned.</summary>
    internal IEnumerable<int> LearnedLater() => LearnedBy(Learned).Where(task => RowOf(task) > 1);

    /// <summary>Columns of the first so many stages.</summary>
    internal IEnumerable<int> LearnedBy(int stages) => Enumerable.Range(0, Tasks.Count).Where(task => RowOf(task) <= stages);

    /// <summary>The row after the stage that learns it.</summary>
    internal int RowOf(int task) => _stages.IndexOf(LearnedIn[task]) + 1;

    private double? At(int row, int task) => Rows[row].Tasks[task]?.Accuracy;

    private double? Peak(int task)
    {
        var since = Enumerable.Range(RowOf(task), Learned - RowOf(task) + 1).Select(row => At(row, task)).ToList();
        return since.Contains(null) ? null : since.Max();
    }
}

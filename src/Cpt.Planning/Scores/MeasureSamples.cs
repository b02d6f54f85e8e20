using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>
/// What a measure is the mean of: for each task (or benchmark) one value for each evaluation sample, paired with the same sample in the row it is compared with, since that takes most of the noise out of a difference. Values have the
/// sign that gates have: points lost, share right.
/// </summary>
internal static class MeasureSamples
{
    /// <summary>From here a sample counts as right.</summary>
    private const double Right = 0.5;

    /// <summary>Numbers of the rows whose records are needed after so many finished stages; 0 is the base model.</summary>
    public static IEnumerable<int> RowsOf(GateMetric metric, int learned) => metric switch
    {
        GateMetric.Forgetting or GateMetric.ForgettingFromPeak => Enumerable.Range(1, learned),
        GateMetric.AverageAccuracy => [learned],
        GateMetric.ForwardTransfer => Enumerable.Range(0, learned),
        GateMetric.LostSamples => [learned - 1, learned],
        _ => [0, learned],
    };

    /// <param name="metric">Measured after the last of <paramref name="rows"/>.</param>
    /// <param name="rows">Row 0, then those after finished stages; null where none is needed.</param>
    /// <param name="matrix">Says which task was learned when.</param>
    /// <returns>Groups, all with at least one value; null: some score has no records, or of other data.</returns>
    public static IReadOnlyList<double[]>? Of(GateMetric metric, IReadOnlyList<EvaluationDocument?> rows, AccuracyMatrix matrix)
    {
        var learned = matrix.Learned;
        var groups = (metric switch
        {
            GateMetric.Forgetting => matrix.LearnedBy(learned - 1).Select(task => Lost(task, matrix.RowOf(task), learned)),
            GateMetric.ForgettingFromPeak => matrix.LearnedBy(learned - 1).Select(task => Lost(task, Peak(task), learned)),
            GateMetric.AverageAccuracy => matrix.LearnedBy(learned).Select(task => Scores(rows[learned], ScoreKind.Task, matrix.Tasks[task])?.Values.ToArray()),
            GateMetric.ForwardTransfer => matrix.LearnedLater().Select(task => Lost(task, matrix.RowOf(task) - 1, 0)),
            GateMetric.LostSamples => matrix.LearnedBy(learned - 1).Select(task => Pairs(ScoreKind.Task, matrix.Tasks[task], learned - 1, learned, (before, now) => before >= Right && now < Right ? 1 : 0)),
            _ => matrix.Benchmarks.Select(name => Pairs(ScoreKind.Benchmark, name, 0, learned, (before, now) => before - now)),
        }).ToList();
        return groups.Count == 0 || groups.Any(group => group is null or []) ? null : groups.ConvertAll(group => group!);

        double[]? Lost(int task, int from, int to) => Pairs(ScoreKind.Task, matrix.Tasks[task], from, to, (before, now) => before - now);

        int Peak(int task) => Enumerable.Range(matrix.RowOf(task), learned - matrix.RowOf(task) + 1)
            .MaxBy(row => Scores(rows[row], ScoreKind.Task, matrix.Tasks[task])?.Values.Average() ?? double.NegativeInfinity);

        double[]? Pairs(ScoreKind kind, string name, int from, int to, Func<double, double, double> value) =>
            Scores(rows[from], kind, name) is { } before && Scores(rows[to], kind, name) is { } now && Score(rows[from], kind, name)!.TaskDigest == Score(rows[to], kind, name)!.TaskDigest
                ? [.. now.Where(pair => before.ContainsKey(pair.Key)).Select(pair => value(before[pair.Key], pair.Value))]
                : null;
    }

    private static TaskScore? Score(EvaluationDocument? row, ScoreKind kind, string name) => row?.Scores.LastOrDefault(score => score.Kind == kind && score.Task == name);

    /// <summary>By the sample's id, in an order that is always the same.</summary>
    private static SortedDictionary<string, double>? Scores(EvaluationDocument? row, ScoreKind kind, string name)
    {
        if (Score(row, kind, name) is not { Records.Count: > 0 } score)
        {
            return null;
        }

        var byId = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var record in score.Records)
        {
            byId[record.Id] = record.Score;
        }

        return byId;
    }
}

using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Rules;

/// <summary>What gates need beyond the matrix: scores of single samples, from storage.</summary>
internal static class GateNoise
{
    /// <summary>Of the samples of earlier tasks: those that the last stage turned from right to wrong. Mean over tasks, 0..1.</summary>
    /// <returns>Null with fewer than two finished stages, and where it is not known (yet).</returns>
    public static double? LostShare(Draft draft, AccuracyMatrix matrix) =>
        Groups(draft, GateMetric.LostSamples, matrix)?.Average(group => group.Average());

    /// <returns>0..1, with the sign that gates have; null where it is not known (yet).</returns>
    public static (double Low, double High)? Interval(Draft draft, GateMetric metric, AccuracyMatrix matrix, double confidence) =>
        Groups(draft, metric, matrix) is { } groups ? Bootstrap.Interval(groups, confidence) : null;

    private static IReadOnlyList<double[]>? Groups(Draft draft, GateMetric metric, AccuracyMatrix matrix)
    {
        var needed = MeasureSamples.RowsOf(metric, matrix.Learned).ToHashSet();
        var rows = new EvaluationDocument?[matrix.Learned + 1];
        foreach (var row in needed)
        {
            var hash = row == 0 ? draft.BaseModelDigest is { } digest ? Digests.BaselineHash(digest) : null : draft.Stages[row - 1].StageHash;
            rows[row] = hash is null ? null : draft.Find(new Need.Records(hash))?.Value as EvaluationDocument;
        }

        return draft.Missing.Count > 0 || draft.Unavailable is not null ? null : MeasureSamples.Of(metric, rows, matrix);
    }
}

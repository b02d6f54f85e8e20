using System.Diagnostics.Metrics;
using System.Globalization;
using Cpt.Api;
using Cpt.Planning;

namespace Cpt.Operator.Measuring;

/// <summary>What runs have learned: the accuracy matrix and its measures, as their status has them. What is gone is not shown any more.</summary>
internal sealed class RunMetrics
{
    private readonly ShownRuns _runs;

    public RunMetrics(Meter meter, ShownRuns runs)
    {
        _runs = runs;
        meter.CreateObservableGauge("cpt_runs", Counts, null, "Runs by the reason of their condition Succeeded.");
        meter.CreateObservableGauge("cpt_run_average_accuracy", () => Each(status => status.AverageAccuracy), null, "Mean score over the tasks learned so far, percent.");
        meter.CreateObservableGauge("cpt_run_forgetting", () => Each(status => status.Forgetting), null, "Mean change on earlier tasks since each was learned, points; negative = forgotten.");
        meter.CreateObservableGauge(
            "cpt_run_forgetting_from_peak", () => Each(status => status.ForgettingFromPeak), null, "Mean change on earlier tasks since the best score of each, points; negative = forgotten.");
        meter.CreateObservableGauge(
            "cpt_run_forward_transfer", () => Each(status => status.ForwardTransfer), null, "Mean change on tasks before each was learned since the base model, points; positive = gained. Only where every task is scored after every stage.");
        meter.CreateObservableGauge(
            "cpt_run_drift", () => Each(status => status.Stages.LastOrDefault(stage => stage.Drift is not null)?.Drift), null, "Divergence of the newest stage's model from the base model on prompts of the learned tasks, nats a token.");
        meter.CreateObservableGauge("cpt_run_accuracy", () => Cells(matrix => matrix.Tasks, row => row.Tasks, "task"), null, "Score on a task after a stage, percent; after_stage is empty for the base model.");
        meter.CreateObservableGauge(
            "cpt_run_benchmark_score", () => Cells(matrix => matrix.Benchmarks, row => row.Benchmarks, "benchmark"), null, "Score on a benchmark after a stage, percent; after_stage is empty for the base model.");
        meter.CreateObservableGauge("cpt_run_benchmark_change", BenchmarkChanges, null, "Mean change on the benchmarks since the base model, points; negative = lost.");
        meter.CreateObservableGauge("cpt_run_stage_average_accuracy", () => After(matrix => matrix.AverageAccuracy), null, "Mean score after a stage over the tasks learned until then, percent.");
        meter.CreateObservableGauge(
            "cpt_run_stage_forgetting", () => After(matrix => matrix.Forgetting), null, "Mean change after a stage on earlier tasks since each was learned, points; negative = forgotten.");
    }

    private IEnumerable<Measurement<long>> Counts() =>
        _runs.All()
            .GroupBy(run => run.Status.Value?.Reason is { Length: > 0 } reason ? reason : Reasons.Pending, StringComparer.Ordinal)
            .Select(group => new Measurement<long>(group.LongCount(), new KeyValuePair<string, object?>("reason", group.Key)));

    private IEnumerable<Measurement<double>> Each(Func<ContinualRunStatus, string?> measure)
    {
        foreach (var (run, status) in _runs.Newest())
        {
            if (Number(measure(status)) is { } value)
            {
                yield return new Measurement<double>(value, ShownRuns.Labels(run));
            }
        }
    }

    /// <summary>The places in the chain stand beside the names, since rows and columns sorted by name are no matrix.</summary>
    private IEnumerable<Measurement<double>> Cells(Func<MatrixStatus, IReadOnlyList<string>> columns, Func<MatrixRowStatus, IReadOnlyList<string>> cells, string label)
    {
        foreach (var (run, status) in _runs.Newest())
        {
            foreach (var (row, after) in (status.Matrix?.Rows ?? []).Select((row, index) => (row, index)))
            {
                foreach (var (name, index, cell) in columns(status.Matrix!).Zip(cells(row)).Select((pair, index) => (pair.First, index, pair.Second)))
                {
                    if (Number(cell) is { } value)
                    {
                        yield return new Measurement<double>(
                            value, ShownRuns.Labels(run, ("after_stage", row.After), (label, name), ("after_index", Place(after)), ($"{label}_index", Place(index + 1))));
                    }
                }
            }
        }
    }

    private IEnumerable<Measurement<double>> BenchmarkChanges()
    {
        foreach (var (run, status) in _runs.Newest().Where(shown => shown.Status.Matrix is not null))
        {
            if (Number(AccuracyMatrix.Percent(AccuracyMatrix.FromStatus(status.Matrix!).BenchmarkChange)) is { } value)
            {
                yield return new Measurement<double>(value, ShownRuns.Labels(run));
            }
        }
    }

    private IEnumerable<Measurement<double>> After(Func<AccuracyMatrix, double?> measure)
    {
        foreach (var (run, status) in _runs.Newest().Where(shown => shown.Status.Matrix is not null))
        {
            var matrix = AccuracyMatrix.FromStatus(status.Matrix!);
            for (var learned = 1; learned <= matrix.Learned; learned++)
            {
                if (Number(AccuracyMatrix.Percent(measure(matrix.After(learned)))) is { } value)
                {
                    yield return new Measurement<double>(value, ShownRuns.Labels(run, ("after_stage", matrix.Rows[learned].After), ("after_index", Place(learned))));
                }
            }
        }
    }

    /// <summary>Two digits sort as text; a chain has 64 stages at most.</summary>
    private static string Place(int index) => index.ToString("00", CultureInfo.InvariantCulture);

    private static double? Number(string? text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
}

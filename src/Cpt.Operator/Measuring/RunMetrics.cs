using System.Diagnostics.Metrics;
using System.Globalization;
using Cpt.Api;
using Cpt.Controllers;
using Cpt.Operator.Runs;
using Cpt.Runs;

namespace Cpt.Operator.Measuring;

/// <summary>
/// How runs stand, read from the cache when somebody asks: what is gone is not shown any more. Numbers are those of the status. Only runs that this process has looked after: a standby knows them
/// too, and every sum would count them twice.
/// </summary>
internal sealed class RunMetrics
{
    /// <summary>Runs with series of their own; the newest. A matrix is many series, and a Prometheus holds only so many.</summary>
    private const int MostRuns = 1000;

    private readonly IInformerCache<RunObject> _runs;
    private readonly RunMemories _memories;

    public RunMetrics(Meter meter, IInformerCache<RunObject> runs, RunMemories memories)
    {
        (_runs, _memories) = (runs, memories);
        meter.CreateObservableGauge("cpt_runs", Counts, null, "Runs by the reason of their condition Succeeded.");
        meter.CreateObservableGauge("cpt_run_average_accuracy", () => Each(status => status.AverageAccuracy), null, "Mean score over the tasks learned so far, percent.");
        meter.CreateObservableGauge("cpt_run_forgetting", () => Each(status => status.Forgetting), null, "Mean change on earlier tasks since each was learned, points; negative = forgotten.");
        meter.CreateObservableGauge("cpt_run_accuracy", () => Cells(matrix => matrix.Tasks, row => row.Tasks, "task"), null, "Score on a task after a stage, percent; after_stage is empty for the base model.");
        meter.CreateObservableGauge(
            "cpt_run_benchmark_score", () => Cells(matrix => matrix.Benchmarks, row => row.Benchmarks, "benchmark"), null, "Score on a benchmark after a stage, percent.");
    }

    private IEnumerable<Measurement<long>> Counts() =>
        Known()
            .GroupBy(run => run.Status.Value?.Reason is { Length: > 0 } reason ? reason : Reasons.Pending, StringComparer.Ordinal)
            .Select(group => new Measurement<long>(group.LongCount(), new KeyValuePair<string, object?>("reason", group.Key)));

    private IEnumerable<Measurement<double>> Each(Func<ContinualRunStatus, string?> measure)
    {
        foreach (var (run, status) in Shown())
        {
            if (Number(measure(status)) is { } value)
            {
                yield return new Measurement<double>(value, new("namespace", run.Metadata.Namespace), new("run", run.Metadata.Name));
            }
        }
    }

    private IEnumerable<Measurement<double>> Cells(Func<MatrixStatus, IReadOnlyList<string>> columns, Func<MatrixRowStatus, IReadOnlyList<string>> cells, string label)
    {
        foreach (var (run, status) in Shown())
        {
            foreach (var row in status.Matrix?.Rows ?? [])
            {
                foreach (var (column, cell) in columns(status.Matrix!).Zip(cells(row)))
                {
                    if (Number(cell) is { } value)
                    {
                        yield return new Measurement<double>(
                            value, new("namespace", run.Metadata.Namespace), new("run", run.Metadata.Name), new("after_stage", row.After), new(label, column));
                    }
                }
            }
        }
    }

    private IEnumerable<(RunObject Run, ContinualRunStatus Status)> Shown()
    {
        var all = Known();
        IEnumerable<RunObject> shown = all.Count <= MostRuns ? all : all.OrderByDescending(run => run.Metadata.CreationTimestamp).Take(MostRuns);
        return shown.Where(run => run.Status.Value is not null).Select(run => (run, run.Status.Value!));
    }

    private List<RunObject> Known() => [.. _runs.List().Where(run => _memories.Find(run.Metadata.Uid!) is not null)];

    private static double? Number(string? text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
}

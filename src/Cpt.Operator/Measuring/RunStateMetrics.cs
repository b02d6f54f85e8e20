using System.Diagnostics.Metrics;
using Cpt.Api;

namespace Cpt.Operator.Measuring;

/// <summary>How each run stands: what a table of runs and an alert with a run's name are made of.</summary>
internal sealed class RunStateMetrics
{
    private readonly ShownRuns _runs;

    public RunStateMetrics(Meter meter, ShownRuns runs)
    {
        _runs = runs;
        meter.CreateObservableGauge(
            "cpt_run_info", Infos, null, "1 for each run: the reason of its condition Succeeded, the stage it is at (empty when all are finished) and its methods.");
        meter.CreateObservableGauge("cpt_run_condition", Conditions, null, "1 for each condition of a run, with its status and reason.");
        meter.CreateObservableGauge("cpt_run_stages", () => Each(status => status.Stages.Count), null, "Stages of the run.");
        meter.CreateObservableGauge("cpt_run_stages_finished", () => Each(Finished), null, "Stages of the run that are finished.");
        meter.CreateObservableGauge("cpt_run_preemptions", () => Each(status => status.Preemptions ?? 0), null, "Attempts of the run that were taken away.");
        meter.CreateObservableGauge("cpt_run_retries", () => Each(status => status.Retries ?? 0), null, "Attempts of the run that failed and were followed by another.");
        meter.CreateObservableGauge("cpt_run_failures_in_a_row", Failures, null, "Attempts of the current stage that failed since its last newer checkpoint.");
        meter.CreateObservableGauge("cpt_run_max_retries", Budgets, null, "spec.retry.maxRetries: failures in a row that are followed by another attempt.");
        meter.CreateObservableGauge("cpt_run_stage_started_timestamp_seconds", () => Times(stage => stage.StartedAt), null, "When the first attempt of a stage began, in seconds since unix epoch.");
        meter.CreateObservableGauge("cpt_run_stage_finished_timestamp_seconds", () => Times(stage => stage.FinishedAt), null, "When a stage finished or failed, in seconds since unix epoch.");
    }

    private static int Finished(ContinualRunStatus status) => status.Stages.Count(stage => stage.State is StageState.Succeeded or StageState.Reused);

    private IEnumerable<Measurement<long>> Infos() => _runs.Newest().Select(shown => new Measurement<long>(
        1, ShownRuns.Labels(shown.Run, ("reason", shown.Status.Reason), ("stage", shown.Status.CurrentStage), ("methods", shown.Status.Methods))));

    private IEnumerable<Measurement<long>> Conditions() => _runs.Newest().SelectMany(shown => shown.Status.Conditions.Select(condition => new Measurement<long>(
        1, ShownRuns.Labels(shown.Run, ("condition", condition.Type), ("status", condition.Status), ("reason", condition.Reason)))));

    private IEnumerable<Measurement<long>> Each(Func<ContinualRunStatus, int> measure) =>
        _runs.Newest().Select(shown => new Measurement<long>(measure(shown.Status), ShownRuns.Labels(shown.Run)));

    private IEnumerable<Measurement<long>> Failures()
    {
        foreach (var (run, status) in _runs.Newest())
        {
            if (status.Stages.FirstOrDefault(stage => stage.Name == status.CurrentStage) is { } current)
            {
                yield return new Measurement<long>(current.FailuresInARow, ShownRuns.Labels(run, ("stage", current.Name)));
            }
        }
    }

    private IEnumerable<Measurement<long>> Budgets() => _runs.Newest().Where(shown => shown.Run.Spec.Value is not null).Select(shown => new Measurement<long>(
        shown.Run.Spec.Value!.Retry?.MaxRetries ?? RunDefaults.MaximumRetries, ShownRuns.Labels(shown.Run)));

    private IEnumerable<Measurement<double>> Times(Func<StageStatus, DateTimeOffset?> moment)
    {
        foreach (var (run, status) in _runs.Newest())
        {
            foreach (var stage in status.Stages)
            {
                if (moment(stage) is { } at)
                {
                    yield return new Measurement<double>(at.ToUnixTimeMilliseconds() / 1000.0, ShownRuns.Labels(run, ("stage", stage.Name), ("method", stage.Method.ToString())));
                }
            }
        }
    }
}

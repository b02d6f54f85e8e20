using System.Globalization;
using Cpt.Api.Reading;
using Cpt.Api.Rules;

namespace Cpt.Api.Validation;

/// <summary>Rules of gates.</summary>
internal static class GateRules
{
    public static IEnumerable<FieldError> GatesHaveALimit(ContinualRun run)
    {
        foreach (var (index, gate) in Gates(run))
        {
            var path = Path(index);
            if (gate.Maximum is null && gate.Minimum is null)
            {
                var due = gate.Metric is GateMetric.AverageAccuracy or GateMetric.ForwardTransfer ? "minimum" : "maximum";
                yield return new FieldError(path, $"has no limit; write {due}: \"5\" for five points");
            }
            else if (Number(gate.Minimum) > Number(gate.Maximum))
            {
                yield return new FieldError($"{path}.minimum", $"{gate.Minimum} is more than maximum ({gate.Maximum}); no value passes");
            }
        }
    }

    public static IEnumerable<FieldError> BenchmarkGatesHaveBenchmarks(ContinualRun run) =>
        Gates(run)
            .Where(entry => entry.Gate.Metric == GateMetric.BenchmarkDrop && run.Spec.Evaluation!.Benchmarks is null or [])
            .Select(entry => new FieldError(
                $"{Path(entry.Index)}.metric",
                $"{Field.EnumNames(typeof(GateMetric)).First(name => Equals(name.Value, entry.Gate.Metric)).Key} needs spec.evaluation.benchmarks, and there are none"));

    /// <summary>What a task's score was before it was learned stands only in rows that have all columns.</summary>
    public static IEnumerable<FieldError> ForwardTransferNeedsAllTasks(ContinualRun run) =>
        Gates(run)
            .Where(entry => entry.Gate.Metric == GateMetric.ForwardTransfer && run.Spec.Evaluation!.Scope != EvaluationScope.AllTasks)
            .Select(entry => new FieldError($"{Path(entry.Index)}.metric", "forwardTransfer needs spec.evaluation.scope: AllTasks: with SeenTasks no task is scored before it is learned"));

    public static IEnumerable<FieldError> DriftIsMeasuredAndHasNoInterval(ContinualRun run)
    {
        foreach (var (index, gate) in Gates(run).Where(entry => entry.Gate.Metric == GateMetric.Drift))
        {
            if (run.Spec.Evaluation!.Drift is null)
            {
                yield return new FieldError($"{Path(index)}.metric", "drift needs spec.evaluation.drift, and it is not set");
            }

            if (gate.Confidence is not null)
            {
                yield return new FieldError($"{Path(index)}.confidence", "drift has no interval over evaluation samples; leave confidence out");
            }
        }
    }

    private static IEnumerable<(int Index, Gate Gate)> Gates(ContinualRun run) => (run.Spec.Evaluation?.Gates ?? []).Index();

    private static string Path(int index) => string.Create(CultureInfo.InvariantCulture, $"spec.evaluation.gates[{index}]");

    private static double Number(string? text) => text is not null && DecimalAttribute.TryParse(text, out var number) ? number : double.NaN;
}

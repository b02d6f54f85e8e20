using System.Globalization;
using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>Limits on the measures after the last finished stage, looked at before the next one starts.</summary>
internal static class Gates
{
    public static bool Apply(Draft draft)
    {
        var stage = draft.Current!;
        if (stage.Index == 0 || stage.Status.Attempts > 0 || Broken(draft) is not { } broken)
        {
            return false;
        }

        switch (broken.Gate.OnFailure)
        {
            case GateAction.Stop:
                draft.Conclude(nameof(Gates), RunOutcome.Failed, Reasons.GateFailed, $"Stage {stage.Name} does not start: {broken.Sentence}.", stage.Name);
                return true;
            case GateAction.Suspend:
                draft.StartTime = null;
                draft.Held = (Reasons.GateHeld, $"{broken.Sentence}; change the gate or spec.retryToken to go on.");
                draft.Conclude(nameof(Gates), RunOutcome.Suspended, Reasons.GateHeld, $"Stage {stage.Name} is held back: {broken.Sentence}. Change the gate or spec.retryToken to go on.", stage.Name);
                return true;
            default:
                draft.Say(nameof(Gates), stage.Name, "GateIgnored", $"The run goes on although {broken.Sentence} (onFailure is Continue).");
                return false;
        }
    }

    /// <summary>The first gate whose limit is passed; one that stops comes before one that holds, and that before one that only tells.</summary>
    public static BrokenGate? Broken(Draft draft)
    {
        var last = draft.Stages.TakeWhile(stage => stage.Finished).LastOrDefault();
        if (last is null || draft.GatesPassedAfter == last.Name || draft.Run.Spec.Evaluation!.Gates is null or [])
        {
            return null;
        }

        var matrix = Rows.Of(draft);
        return draft.Run.Spec.Evaluation.Gates
            .OrderBy(gate => gate.OnFailure)
            .Select(gate => Look(gate, matrix, last.Name))
            .FirstOrDefault(broken => broken is not null);
    }

    private static BrokenGate? Look(Gate gate, AccuracyMatrix matrix, string after)
    {
        var (name, value) = gate.Metric switch
        {
            GateMetric.Forgetting => ("forgetting", -matrix.Forgetting),
            GateMetric.ForgettingFromPeak => ("forgetting from the peak", -matrix.ForgettingFromPeak),
            GateMetric.AverageAccuracy => ("average accuracy", matrix.AverageAccuracy),
            _ => ("the drop on benchmarks", -matrix.BenchmarkChange),
        };
        if (AccuracyMatrix.Percent(value) is not { } shown)
        {
            return null;
        }

        var percent = double.Parse(shown, CultureInfo.InvariantCulture);
        return (gate.Maximum, gate.Minimum) switch
        {
            ({ } maximum, _) when percent > Limit(maximum) => new BrokenGate(gate, $"{name} after {after} is {shown}, more than the maximum of {maximum}"),
            (_, { } minimum) when percent < Limit(minimum) => new BrokenGate(gate, $"{name} after {after} is {shown}, less than the minimum of {minimum}"),
            _ => null,
        };
    }

    private static double Limit(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
}

internal sealed record BrokenGate(Gate Gate, string Sentence);

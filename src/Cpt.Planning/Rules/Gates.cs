using System.Globalization;
using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>Limits on the measures after the last finished stage, looked at before the next one starts.</summary>
internal static class Gates
{
    public static bool Apply(Draft draft)
    {
        var stage = draft.Current!;
        if (stage.Index == 0 || stage.Status.Attempts > 0)
        {
            return false;
        }

        var found = Broken(draft);
        if (draft.Missing.Count > 0 || StoragePause.Apply(draft))
        {
            return true;
        }

        if (found is not { } broken)
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
            .Select(gate => Look(draft, gate, matrix, last.Name))
            .FirstOrDefault(broken => broken is not null);
    }

    private static BrokenGate? Look(Draft draft, Gate gate, AccuracyMatrix matrix, string after)
    {
        if (gate.Metric == GateMetric.Drift)
        {
            return draft.Stages.First(stage => stage.Name == after).Status.Drift is { } drift && IsPassed(gate, Limit(drift))
                ? new BrokenGate(gate, $"the drift after {after} is {drift} nats a token, {Passed(gate, Limit(drift))}")
                : null;
        }

        var (name, value) = gate.Metric switch
        {
            GateMetric.Forgetting => ("forgetting", -matrix.Forgetting),
            GateMetric.ForgettingFromPeak => ("forgetting from the peak", -matrix.ForgettingFromPeak),
            GateMetric.AverageAccuracy => ("average accuracy", matrix.AverageAccuracy),
            GateMetric.ForwardTransfer => ("forward transfer", matrix.ForwardTransfer),
            GateMetric.LostSamples => ("the share of samples lost", GateNoise.LostShare(draft, matrix)),
            _ => ("the drop on benchmarks", -matrix.BenchmarkChange),
        };
        if (AccuracyMatrix.Percent(value) is not { } shown)
        {
            return null;
        }

        var percent = double.Parse(shown, CultureInfo.InvariantCulture);
        if (!IsPassed(gate, percent))
        {
            return null;
        }

        var limit = Passed(gate, percent);
        if (gate.Confidence is not { } confidence)
        {
            return new BrokenGate(gate, $"{name} after {after} is {shown}, {limit}");
        }

        if (GateNoise.Interval(draft, gate.Metric, matrix, Limit(confidence)) is not { } interval)
        {
            return draft.Missing.Count > 0 || draft.Unavailable is not null
                ? null
                : new BrokenGate(gate, $"{name} after {after} is {shown}, {limit} (how much of it is noise is not known: there are no scores of single samples)");
        }

        var (low, high) = interval;
        var range = string.Create(CultureInfo.InvariantCulture, $"({Limit(confidence) * 100:0.#} % interval {AccuracyMatrix.Percent(low)} to {AccuracyMatrix.Percent(high)})");
        if (IsPassed(gate, low * 100) && IsPassed(gate, high * 100))
        {
            return new BrokenGate(gate, $"{name} after {after} is {shown} {range}, {limit}");
        }

        draft.Say(nameof(Gates), after, "GateWithinNoise", $"{char.ToUpperInvariant(name[0])}{name[1..]} after {after} is {shown} {range}, {limit}, but the limit lies within the interval: it may be noise, and the run goes on.");
        return null;
    }

    private static string Passed(Gate gate, double value) =>
        gate.Maximum is { } maximum && value > Limit(maximum) ? $"more than the maximum of {maximum}" : $"less than the minimum of {gate.Minimum}";

    private static bool IsPassed(Gate gate, double percent) =>
        (gate.Maximum is { } maximum && percent > Limit(maximum)) || (gate.Minimum is { } minimum && percent < Limit(minimum));

    private static double Limit(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
}

internal sealed record BrokenGate(Gate Gate, string Sentence);

using Cpt.Contract;

namespace Cpt.Training;

/// <summary>How many steps a stage has, and which stretch of the data stream each of them takes.</summary>
internal sealed class StepPlan
{
    private readonly int _batchSize;
    private readonly long _total;

    private StepPlan(int batchSize, long total, int steps)
    {
        _batchSize = batchSize;
        _total = total;
        Steps = steps;
    }

    /// <summary>Steps due.</summary>
    public int Steps { get; }

    /// <summary>
    /// <see cref="OptimizationSpec.Steps"/> if set; else as many batches as <see cref="OptimizationSpec.Epochs"/> passes over the split need, the last one
    /// possibly smaller. Replayed samples come on top: an epoch has every sample of the stage's own once.
    /// </summary>
    public static StepPlan Of(OptimizationSpec optimization, int samples, ReplayShare share = default)
    {
        var batch = optimization.BatchSize;
        if (batch < 1)
            throw new StageFailureException(ExitCodes.BadSpec, "InvalidParameter", $"batchSize: {batch} is too small; a step needs at least 1 sample");
        if (optimization.Steps is { } steps)
        {
            if (steps < 1) throw new StageFailureException(ExitCodes.BadSpec, "InvalidParameter", $"steps: {steps} is too small; a stage needs at least 1 step");
            return new StepPlan(batch, (long)steps * batch, steps);
        }

        var total = (long)Math.Round(optimization.Epochs * samples, MidpointRounding.AwayFromZero);
        if (!(optimization.Epochs > 0) || total < 1)
        {
            throw new StageFailureException(
                ExitCodes.BadSpec, "InvalidParameter",
                FormattableString.Invariant($"epochs: {optimization.Epochs} of {samples} samples is not a single sample; use a larger value, or set steps"));
        }

        total = share.Length(total);
        return new StepPlan(batch, total, checked((int)((total + batch - 1) / batch)));
    }

    /// <summary>Stream positions of 0-based <paramref name="step"/>.</summary>
    public (long Start, int Count) Stretch(int step)
    {
        var start = (long)step * _batchSize;
        return (start, (int)Math.Min(_batchSize, _total - start));
    }
}

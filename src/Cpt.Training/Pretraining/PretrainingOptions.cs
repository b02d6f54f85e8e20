using Cpt.Contract;

namespace Cpt.Training;

/// <summary>How a small model is trained from random weights.</summary>
public sealed record PretrainingOptions
{
    public required int Steps { get; init; }

    public double LearningRate { get; init; } = 1e-3;

    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine;

    /// <summary>Fraction of all steps.</summary>
    public double WarmupRatio { get; init; } = 0.02;

    public double WeightDecay { get; init; } = 0.01;

    public double MaxGradientNorm { get; init; } = 1.0;

    /// <summary>Demonstrations in one forward pass; 0 = chosen by length.</summary>
    public int MicroBatchSize { get; init; }

    /// <summary>Learn the prompt's tokens too, as a language model does; false = the answers alone.</summary>
    public bool LearnPrompts { get; init; }

    internal OptimizationSpec Optimization => new()
    {
        LearningRate = LearningRate,
        Steps = Steps,
        BatchSize = 1,
        MicroBatchSize = MicroBatchSize,
        Schedule = Schedule,
        WarmupRatio = WarmupRatio,
        WeightDecay = WeightDecay,
        MaxGradientNorm = MaxGradientNorm,
    };
}

using Cpt.Contract;

namespace Cpt.Training;

/// <summary>
/// The learning rate as a pure function of the step, so that a resumed stage needs nothing but its step count.
/// Same curves as Hugging Face's <c>get_scheduler</c>: with a warm-up, update 0 has rate 0.
/// </summary>
public static class LearningRates
{
    /// <param name="schedule">Shape after the warm-up.</param>
    /// <param name="peak">The rate at the end of the warm-up.</param>
    /// <param name="step">0-based update.</param>
    /// <param name="warmupSteps">Updates of linear growth from 0.</param>
    /// <param name="totalSteps">Updates of the whole stage; linear and cosine reach 0 there.</param>
    public static double At(LearningRateSchedule schedule, double peak, int step, int warmupSteps, int totalSteps)
    {
        if (step < warmupSteps) return peak * step / Math.Max(1, warmupSteps);
        var progress = (double)(step - warmupSteps) / Math.Max(1, totalSteps - warmupSteps);
        return schedule switch
        {
            LearningRateSchedule.Constant => peak,
            LearningRateSchedule.Linear => peak * Math.Max(0, 1 - progress),
            LearningRateSchedule.Cosine => peak * Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress))),
            _ => throw new ArgumentOutOfRangeException(nameof(schedule), schedule, "not a learning-rate schedule"),
        };
    }

    /// <summary>The rate of 0-based <paramref name="step"/> under <paramref name="optimization"/>; the warm-up is its ratio of all steps, rounded up.</summary>
    public static double At(OptimizationSpec optimization, int step, int totalSteps) =>
        At(optimization.Schedule, optimization.LearningRate, step, (int)Math.Ceiling(optimization.WarmupRatio * totalSteps), totalSteps);
}

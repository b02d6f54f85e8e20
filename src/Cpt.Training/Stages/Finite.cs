using System.Globalization;
using Cpt.Contract;
using Cpt.Models;

namespace Cpt.Training;

/// <summary>
/// Stops a stage on a value that is not a number. Only scalars that are read anyway are looked at; a bad weight or activation shows in the loss or
/// in the gradient's norm of the same step.
/// </summary>
internal static class Finite
{
    public static double Loss(double value, int step) => Check(value, step, "loss", "NonFiniteLoss", "lower parameters.learningRate, or use precision float32");

    public static double GradientNorm(double value, int step) =>
        Check(value, step, "gradient norm", "NonFiniteGradient", "lower parameters.learningRate or parameters.maxGradientNorm, or use precision float32");

    public static double Reward(double value, int step, string sample) =>
        Check(value, step, $"reward of a rollout of sample {sample}", "NonFiniteReward", "check the task's scorer");

    /// <summary>What a policy with diverged weights says while it samples.</summary>
    public static T Logits<T>(Func<T> generate, int step)
    {
        try
        {
            return generate();
        }
        catch (NonFiniteLogitsException exception)
        {
            throw new StageFailureException(
                ExitCodes.BadData, "NonFiniteLoss",
                string.Create(CultureInfo.InvariantCulture, $"step {step}: {exception.Message} while sampling, so the weights have diverged or were never sound: verify the input model, or lower parameters.learningRate"),
                exception);
        }
    }

    private static double Check(double value, int step, string what, string reason, string remedy)
    {
        if (double.IsFinite(value)) return value;
        throw new StageFailureException(
            ExitCodes.BadData, reason,
            string.Create(CultureInfo.InvariantCulture, $"step {step}: the {what} is {value}; training is deterministic, so a retry would repeat it: {remedy}"));
    }
}

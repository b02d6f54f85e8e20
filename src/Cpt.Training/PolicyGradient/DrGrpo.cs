namespace Cpt.Training;

/// <summary>
/// GRPO "done right" (Liu et al. 2025, arXiv:2503.20783): no division by the deviation, which favours prompts that are nearly solved or nearly
/// hopeless, and the loss summed over tokens / (rollouts · L_max), which does not favour long wrong answers (<see cref="LossAggregation.Constant"/>).
/// <code>A_i = r_i − mean(r)</code>
/// </summary>
public static class DrGrpo
{
    /// <param name="rewards">Rewards of one group, G ≥ 2.</param>
    /// <returns>One advantage per rollout.</returns>
    public static double[] Advantages(ReadOnlySpan<double> rewards)
    {
        if (rewards.Length < 2) throw new ArgumentException($"groupSize: {rewards.Length} is too small; a group needs at least 2 rollouts", nameof(rewards));
        // Exactly equal rewards must give exactly zero, which a rounded mean would not always do.
        var advantages = new double[rewards.Length];
        if (AllEqual(rewards)) return advantages;
        var sum = 0.0;
        foreach (var reward in rewards) sum += reward;
        var mean = sum / rewards.Length;
        for (var i = 0; i < rewards.Length; i++) advantages[i] = rewards[i] - mean;
        return advantages;
    }

    /// <summary>True for a group that teaches nothing.</summary>
    public static bool AllEqual(ReadOnlySpan<double> rewards) => !rewards.ContainsAnyExcept(rewards[0]);
}

namespace Cpt.Training;

/// <summary>
/// Group relative policy optimisation (Shao et al. 2024, arXiv:2402.03300, section 4.1).
/// <code>
/// for each prompt: sample G rollouts, rewards r_1 … r_G
///     A_i = (r_i − mean(r)) / (std(r) + ε)        std with G − 1 in the denominator, ε = 1e-6
/// minimise −min(ρ A, clip(ρ, 1 − ε_low, 1 + ε_high) A) + β KL(π ‖ π_ref)   token by token (<see cref="PolicyLoss"/>)
/// </code>
/// A group whose rewards are all equal has no advantage anywhere: it teaches nothing.
/// </summary>
public static class Grpo
{
    public const double Epsilon = 1e-6;

    /// <param name="rewards">Rewards of one group, G ≥ 2.</param>
    /// <returns>One advantage per rollout.</returns>
    public static double[] Advantages(ReadOnlySpan<double> rewards)
    {
        var centred = DrGrpo.Advantages(rewards);
        var squares = 0.0;
        foreach (var value in centred) squares += value * value;
        var deviation = Math.Sqrt(squares / (centred.Length - 1));
        for (var i = 0; i < centred.Length; i++) centred[i] /= deviation + Epsilon;
        return centred;
    }
}

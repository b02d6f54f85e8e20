namespace Cpt.Training;

/// <summary>
/// REINFORCE leave-one-out (Kool et al. 2019; Ahmadian et al. 2024, arXiv:2402.14740): the baseline of a rollout is the mean reward of the others,
/// which leaves the gradient unbiased.
/// <code>
/// for each prompt: sample G rollouts, rewards r_1 … r_G
///     A_i = r_i − 1/(G−1) Σ_{j≠i} r_j  =  G/(G−1) · (r_i − mean(r))
/// </code>
/// </summary>
public static class Rloo
{
    /// <param name="rewards">Rewards of one group, G ≥ 2.</param>
    /// <returns>One advantage per rollout.</returns>
    public static double[] Advantages(ReadOnlySpan<double> rewards)
    {
        var advantages = DrGrpo.Advantages(rewards);
        var scale = (double)rewards.Length / (rewards.Length - 1);
        for (var i = 0; i < advantages.Length; i++) advantages[i] *= scale;
        return advantages;
    }
}

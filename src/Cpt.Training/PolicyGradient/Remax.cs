namespace Cpt.Training;

/// <summary>
/// ReMax (Li et al. 2023, arXiv:2310.10505): the baseline is what the greedy answer to the same prompt earns; no critic and no group statistics.
/// <code>
/// for each prompt: decode greedily, reward r_greedy; sample rollouts, rewards r_i
///     A_i = r_i − r_greedy
/// </code>
/// </summary>
public static class Remax
{
    /// <param name="rewards">Rewards of the sampled rollouts of one prompt.</param>
    /// <param name="greedyReward">Reward of its greedy rollout.</param>
    /// <returns>One advantage per rollout.</returns>
    public static double[] Advantages(ReadOnlySpan<double> rewards, double greedyReward)
    {
        var advantages = new double[rewards.Length];
        for (var i = 0; i < rewards.Length; i++) advantages[i] = rewards[i] - greedyReward;
        return advantages;
    }
}

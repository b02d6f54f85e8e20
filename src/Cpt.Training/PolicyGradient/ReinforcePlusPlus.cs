namespace Cpt.Training;

/// <summary>
/// REINFORCE++ (Hu et al. 2025, arXiv:2501.03262): no critic and no baseline of a group's own; returns are whitened over the whole rollout batch.
/// <code>
/// for each step: sample rollouts of every prompt of the batch, rewards r_1 … r_N
///     A_i = (r_i − mean(r)) / (std(r) + ε)        over all N of the batch, each rollout counting once; std with N − 1, ε = 1e-6
/// </code>
/// It is GRPO's formula with the batch as the one group. A group whose rewards are all equal has an advantage here: it is easier or harder than the others.
/// The KL term stays in the loss, as for every algorithm here, and is not taken off the reward.
/// </summary>
public static class ReinforcePlusPlus
{
    /// <param name="groups">Rewards of each group's rollouts, at least two in all.</param>
    /// <returns>One advantage per rollout, by group.</returns>
    public static double[][] Advantages(IReadOnlyList<double[]> groups)
    {
        var whitened = Grpo.Advantages(groups.SelectMany(rewards => rewards).ToArray());
        var advantages = new double[groups.Count][];
        var start = 0;
        for (var i = 0; i < advantages.Length; start += groups[i++].Length) advantages[i] = whitened[start..(start + groups[i].Length)];
        return advantages;
    }
}

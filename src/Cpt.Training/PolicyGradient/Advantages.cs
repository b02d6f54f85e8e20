using Cpt.Contract;

namespace Cpt.Training;

/// <summary>Advantages of one group by the stage's algorithm; one file per algorithm beside this one.</summary>
public static class Advantages
{
    /// <param name="algorithm">The stage's algorithm.</param>
    /// <param name="rewards">Rewards of the group's rollouts.</param>
    /// <param name="greedyReward">Reward of the greedy rollout; only ReMax has one.</param>
    public static double[] Of(RftAlgorithm algorithm, ReadOnlySpan<double> rewards, double? greedyReward = null) => algorithm switch
    {
        RftAlgorithm.GRPO => Grpo.Advantages(rewards),
        RftAlgorithm.RLOO => Rloo.Advantages(rewards),
        RftAlgorithm.ReMax => Remax.Advantages(rewards, greedyReward ?? throw new ArgumentNullException(nameof(greedyReward), "ReMax needs the greedy rollout's reward")),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "not an RFT algorithm"),
    };
}

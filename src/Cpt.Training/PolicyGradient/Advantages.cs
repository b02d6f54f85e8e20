using Cpt.Contract;

namespace Cpt.Training;

/// <summary>Advantages of a rollout batch by the stage's algorithm; one file per algorithm beside this one.</summary>
public static class Advantages
{
    /// <param name="algorithm">The stage's algorithm.</param>
    /// <param name="groups">Rewards of each group's rollouts.</param>
    /// <param name="greedy">Reward of the greedy rollout of each group's prompt; only ReMax has them.</param>
    /// <returns>One advantage per rollout, by group.</returns>
    public static double[][] Of(RftAlgorithm algorithm, IReadOnlyList<double[]> groups, IReadOnlyList<double>? greedy = null) => algorithm switch
    {
        RftAlgorithm.GRPO or RftAlgorithm.GSPO => [.. groups.Select(rewards => Grpo.Advantages(rewards))],
        RftAlgorithm.DrGRPO => [.. groups.Select(rewards => DrGrpo.Advantages(rewards))],
        RftAlgorithm.RLOO => [.. groups.Select(rewards => Rloo.Advantages(rewards))],
        RftAlgorithm.ReMax when greedy is null => throw new ArgumentNullException(nameof(greedy), "ReMax needs the greedy rollouts' rewards"),
        RftAlgorithm.ReMax => [.. groups.Select((rewards, i) => Remax.Advantages(rewards, greedy[i]))],
        RftAlgorithm.REINFORCEPlusPlus => ReinforcePlusPlus.Advantages(groups),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "not an RFT algorithm"),
    };
}

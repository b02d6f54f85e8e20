using Cpt.Contract;

namespace Cpt.Training;

/// <summary>
/// Group sequence policy optimisation (Zheng et al. 2025, arXiv:2507.18071): what was rewarded is the whole rollout, so its ratio is the whole rollout's.
/// <code>
/// for each prompt: sample G rollouts, advantages A_i as in <see cref="Grpo"/>
///     ρ_i = (π(y_i) / π_old(y_i))^(1/|y_i|) = exp( 1/|y_i| Σ_t log π(t) / π_old(t) )
/// minimise −1/N Σ_i min(ρ_i A_i, clip(ρ_i, 1 − ε_low, 1 + ε_high) A_i)          N rollouts of the mini-batch, each weighing the same
/// </code>
/// A clipped rollout has no gradient in any of its tokens. The ratio moves by the mean of the log ratios, so that ε is 1000 times smaller than GRPO's:
/// 3e-4 and 4e-4 in the paper. With one mini-batch a rollout batch the ratio is 1 and the clip has nothing to do.
/// </summary>
public static class Gspo
{
    /// <summary>Where an algorithm takes its ratio.</summary>
    public static RatioLevel LevelOf(RftAlgorithm algorithm) => algorithm == RftAlgorithm.GSPO ? RatioLevel.Sequence : RatioLevel.Token;
}

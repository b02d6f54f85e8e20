using Cpt.Torch;

namespace Cpt.Training;

/// <summary>Where the importance ratio is taken.</summary>
public enum RatioLevel
{
    /// <summary>ρ_t = π(token) / π_old(token) (PPO, GRPO).</summary>
    Token,

    /// <summary>ρ = exp(mean over the rollout's tokens of the log ratio), one for the whole rollout (GSPO, arXiv:2507.18071).</summary>
    Sequence,
}

/// <summary>What the loss is made of, beside the log-probabilities.</summary>
public sealed record PolicyLossOptions
{
    /// <summary>ε_low: the ratio is clipped at 1 − ε_low.</summary>
    public double ClipLow { get; init; } = 0.2;

    /// <summary>ε_high: the ratio is clipped at 1 + ε_high; larger than ε_low to leave unlikely tokens room to grow (DAPO's clip-higher).</summary>
    public double ClipHigh { get; init; } = 0.3;

    /// <summary>c ≥ 1 of dual clip (Ye et al. 2020, arXiv:1912.09729); null = off.</summary>
    public double? DualClip { get; init; } = 3.0;

    public KlEstimator KlEstimator { get; init; } = KlEstimator.K3;

    /// <summary>β.</summary>
    public double KlCoefficient { get; init; }

    public RatioLevel RatioLevel { get; init; } = RatioLevel.Token;
}

/// <param name="Loss">Scalar; carries the gradient.</param>
/// <param name="Kl">Scalar, detached: weighted sum of the KL estimates; null without a reference.</param>
/// <param name="Clipped">Scalar, detached: tokens whose ratio was clipped against their advantage.</param>
public readonly record struct PolicyLossResult(Tensor Loss, Tensor? Kl, Tensor Clipped);

/// <summary>
/// The clipped surrogate of PPO as GRPO and its kin use it. For every token t of a rollout with advantage A:
/// <code>
/// ρ  = π(t) / π_old(t)
/// pg = max(−ρ A, −clip(ρ, 1 − ε_low, 1 + ε_high) A)
/// pg = min(pg, c |A|)  where A &lt; 0                        dual clip
/// loss = Σ_t w_t · (pg + β · kl(t))                        w from <see cref="TokenWeights"/>
/// </code>
/// All tokens of a micro-batch stand in one flat vector; there is no padding to mask.
/// </summary>
public static class PolicyLoss
{
    private const double LogRatioBound = 20;

    /// <param name="options">Bounds, KL and where the ratio is taken.</param>
    /// <param name="logProbs">log π, [N]; carries the gradient.</param>
    /// <param name="oldLogProbs">log π_old, [N]: the policy that sampled. On-policy this is <paramref name="logProbs"/> detached.</param>
    /// <param name="referenceLogProbs">log π_ref, [N]; null = no KL term.</param>
    /// <param name="advantages">A of each token's rollout, [N].</param>
    /// <param name="weights">w, [N].</param>
    /// <param name="rollouts">Which rollout each token belongs to and how long each is; only <see cref="RatioLevel.Sequence"/> needs it.</param>
    public static PolicyLossResult Of(
        PolicyLossOptions options, Tensor logProbs, Tensor oldLogProbs, Tensor? referenceLogProbs, Tensor advantages, Tensor weights, RolloutRows? rollouts = null)
    {
        var logRatio = logProbs - oldLogProbs;
        if (options.RatioLevel == RatioLevel.Sequence)
            logRatio = (rollouts ?? throw new ArgumentNullException(nameof(rollouts), "a sequence-level ratio needs to know the rollouts")).Mean(logRatio);
        var ratio = logRatio.clamp(-LogRatioBound, LogRatioBound).exp();

        var unclipped = -(ratio * advantages);
        var clipped = -(ratio.clamp(1 - options.ClipLow, 1 + options.ClipHigh) * advantages);
        var pg = unclipped.maximum(clipped);
        var wasClipped = clipped.detach().gt(unclipped.detach());
        if (options.DualClip is { } c)
        {
            var cap = advantages.abs() * c;
            pg = torch.where(advantages.lt(0), pg.minimum(cap), pg);
        }

        Tensor? kl = null;
        var terms = pg;
        if (referenceLogProbs is not null)
        {
            var estimates = KlEstimators.Of(options.KlEstimator, logProbs, referenceLogProbs);
            kl = (estimates.detach() * weights).sum();
            if (options.KlCoefficient != 0) terms = pg + (estimates * options.KlCoefficient);
        }

        return new PolicyLossResult((terms * weights).sum(), kl, wasClipped.sum());
    }
}

/// <summary>How the flat tokens of a micro-batch divide into rollouts.</summary>
/// <param name="Rows">[N] int64: index of each token's rollout.</param>
/// <param name="Lengths">[R] float: tokens of each rollout.</param>
public sealed record RolloutRows(Tensor Rows, Tensor Lengths)
{
    /// <summary>[N] to [N]: each token's value becomes the mean over its rollout.</summary>
    public Tensor Mean(Tensor values) => (torch.zeros_like(Lengths).index_add_(0, Rows, values) / Lengths).index_select(0, Rows);
}

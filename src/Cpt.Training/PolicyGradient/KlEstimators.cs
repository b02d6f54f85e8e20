using Cpt.Torch;

namespace Cpt.Training;

/// <summary>Per-token estimators of KL(π ‖ π_ref) from tokens sampled by π (Schulman 2020, "Approximating KL divergence").</summary>
public enum KlEstimator
{
    /// <summary>−d: unbiased, high variance, may be negative.</summary>
    K1,

    /// <summary>d²/2: low variance, biased, never negative.</summary>
    K2,

    /// <summary>e^d − d − 1: unbiased, low variance, never negative.</summary>
    K3,
}

/// <summary><inheritdoc cref="KlEstimator"/></summary>
public static class KlEstimators
{
    /// <summary>Estimates are held within ±10: one token that the reference finds impossible must not own the gradient.</summary>
    public const double Bound = 10;

    // e^20 is still finite in every float type; beyond it the clamp above decides anyway.
    private const double LogRatioBound = 20;

    /// <param name="estimator">k1, k2 or k3.</param>
    /// <param name="logProbs">log π of the tokens.</param>
    /// <param name="referenceLogProbs">log π_ref of the same tokens, same shape.</param>
    /// <returns>The estimate for each token, with the gradient through <paramref name="logProbs"/>.</returns>
    public static Tensor Of(KlEstimator estimator, Tensor logProbs, Tensor referenceLogProbs)
    {
        var d = (referenceLogProbs - logProbs).clamp(-LogRatioBound, LogRatioBound);
        var estimate = estimator switch
        {
            KlEstimator.K1 => -d,
            KlEstimator.K2 => d * d * 0.5,
            KlEstimator.K3 => d.exp() - d - 1.0,
            _ => throw new ArgumentOutOfRangeException(nameof(estimator), estimator, "not a KL estimator"),
        };
        return estimate.clamp(-Bound, Bound);
    }

    /// <summary>By the name a manifest uses.</summary>
    public static KlEstimator Parse(string name) => name switch
    {
        "k1" => KlEstimator.K1,
        "k2" => KlEstimator.K2,
        "k3" => KlEstimator.K3,
        _ => throw new Contract.StageFailureException(Contract.ExitCodes.BadSpec, "InvalidParameter", $"rft.kl.estimator: '{name}' is not an estimator; use k1, k2 or k3"),
    };
}

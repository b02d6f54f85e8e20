namespace Cpt.Training;

/// <summary>How token losses become one number.</summary>
public enum LossAggregation
{
    /// <summary>Mean over all response tokens of the batch (DAPO, arXiv:2503.14476): long rollouts weigh more.</summary>
    TokenMean,

    /// <summary>Mean over each rollout's tokens, then over rollouts (GRPO, arXiv:2402.03300).</summary>
    SequenceMean,

    /// <summary>Sum over tokens divided by rollouts · L_max (Dr.GRPO, arXiv:2503.20783).</summary>
    Constant,
}

/// <summary>
/// Aggregation as a weight for every token, so that the loss of a batch is Σ weight · token loss, and stays that however the batch is cut.
/// </summary>
public static class TokenWeights
{
    /// <param name="aggregation">How token losses become one number.</param>
    /// <param name="lengths">Response tokens of every rollout in the batch.</param>
    /// <param name="maxLength">L_max; only <see cref="LossAggregation.Constant"/> needs it.</param>
    /// <returns>The weight of each token of rollout i.</returns>
    public static double[] Of(LossAggregation aggregation, ReadOnlySpan<int> lengths, int maxLength = 0)
    {
        var total = 0L;
        foreach (var length in lengths) total += length;
        var weights = new double[lengths.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = aggregation switch
            {
                LossAggregation.TokenMean => 1.0 / Math.Max(1, total),
                LossAggregation.SequenceMean => 1.0 / ((double)lengths.Length * Math.Max(1, lengths[i])),
                LossAggregation.Constant => 1.0 / ((double)lengths.Length * maxLength),
                _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "not a loss aggregation"),
            };
        }

        return weights;
    }

    /// <summary>By the name a manifest uses.</summary>
    public static LossAggregation Parse(string name) => name switch
    {
        "TokenMean" => LossAggregation.TokenMean,
        "SequenceMean" => LossAggregation.SequenceMean,
        "Constant" => LossAggregation.Constant,
        _ => throw new Contract.StageFailureException(
            Contract.ExitCodes.BadSpec, "InvalidParameter", $"rft.lossAggregation: '{name}' is not an aggregation; use TokenMean, SequenceMean or Constant"),
    };
}

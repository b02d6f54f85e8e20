using Cpt.Contract;
using Cpt.Torch;

namespace Cpt.Training.Tests;

/// <summary>Losses and gradients small enough to be done by hand; old log-probabilities are 0, so that a ratio is e to the new one.</summary>
public sealed class HandComputedLossTests
{
    /// <summary>ρ = 1.25 lies between 1 + 0.2 and 1 + 0.28: clipped, and without a gradient, by the one bound, and free under the other.</summary>
    [Theory]
    [InlineData(0.2, -1.2, 0)]
    [InlineData(0.28, -1.25, -1.25)]
    public void ClipHigherLeavesAGoodTokenRoomToGrow(double clipHigh, double loss, double gradient)
    {
        var result = Of(new PolicyLossOptions { ClipLow = 0.2, ClipHigh = clipHigh }, [Math.Log(1.25)], [1], [1]);
        Assert.Equal(loss, result.Loss, 1e-6);
        Assert.Equal(gradient, result.Gradient[0], 1e-6);
    }

    /// <summary>A bad rollout that became five times as likely: −ρA = 5 is capped at 3 · |A|, where the gradient ends; a good one is never capped.</summary>
    [Theory]
    [InlineData(0.0, -1, 5, 5)]
    [InlineData(3.0, -1, 3, 0)]
    [InlineData(3.0, 1, -1.3, 0)]
    public void DualClipCapsTheLossOfABadRollout(double dualClip, double advantage, double loss, double gradient)
    {
        var result = Of(new PolicyLossOptions { DualClip = dualClip > 0 ? dualClip : null }, [Math.Log(5)], [advantage], [1]);
        Assert.Equal(loss, result.Loss, 1e-5);
        Assert.Equal(gradient, result.Gradient[0], 1e-5);
    }

    /// <summary>Rollouts of 1 and 3 tokens with advantages 1 and −1; on-policy the gradient is −A · w.</summary>
    [Theory]
    [InlineData(LossAggregation.TokenMean, 1 / 4.0, 1 / 4.0)]
    [InlineData(LossAggregation.SequenceMean, 1 / 2.0, 1 / 6.0)]
    [InlineData(LossAggregation.Constant, 1 / 16.0, 1 / 16.0)]
    public void AnAggregationDecidesWhatATokenWeighs(LossAggregation aggregation, double shortRollout, double longRollout)
    {
        var weights = TokenWeights.Of(aggregation, [1, 3], maxLength: 8);
        var result = Of(new PolicyLossOptions(), [0, 0, 0, 0], [1, -1, -1, -1], [weights[0], weights[1], weights[1], weights[1]]);
        Golden.AreClose([-shortRollout, longRollout, longRollout, longRollout], result.Gradient, 1e-6);
        Assert.Equal((3 * longRollout) - shortRollout, result.Loss, 1e-6);
    }

    /// <summary>
    /// Two rollouts of two tokens. Log ratios 0.3 and −0.1 make ρ = e^0.1 for both tokens of the first, which token by token would be 1.35 and 0.90;
    /// the second, at e^0.4 = 1.49 with A = 1, is clipped whole.
    /// </summary>
    [Fact]
    public void GspoClipsAWholeRolloutByTheMeanOfItsLogRatios()
    {
        var options = new PolicyLossOptions { ClipLow = 0.2, ClipHigh = 0.3, DualClip = null, RatioLevel = RatioLevel.Sequence };
        var weights = TokenWeights.Of(LossAggregation.SequenceMean, [2, 2]);
        var result = Of(options, [0.3, -0.1, 0.6, 0.2], [1, 1, 1, 1], [weights[0], weights[0], weights[1], weights[1]], [0, 0, 1, 1]);
        var ratio = Math.Exp(0.1);
        Assert.Equal(-((ratio / 2) + (1.3 / 2)), result.Loss, 1e-6);
        // dρ/d log π(t) = ρ / |y|, and each rollout weighs a half.
        Golden.AreClose([-ratio / 4, -ratio / 4, 0, 0], result.Gradient, 1e-6);
        Assert.Equal(2, result.Clipped);
    }

    [Fact]
    public void OnlyGspoTakesItsRatioOverTheRollout() =>
        Assert.Equal([RftAlgorithm.GSPO], Enum.GetValues<RftAlgorithm>().Where(algorithm => Gspo.LevelOf(algorithm) == RatioLevel.Sequence));

    private static (double Loss, double[] Gradient, long Clipped) Of(PolicyLossOptions options, double[] logRatios, double[] advantages, double[] weights, long[]? rollouts = null)
    {
        using var scope = torch.NewDisposeScope();
        var logProbs = Floats(logRatios).requires_grad_();
        var rows = rollouts is null ? null
            : new RolloutRows(torch.tensor<long>(rollouts, rollouts.Length), Floats([.. rollouts.GroupBy(row => row).Select(row => (double)row.Count())]));
        var result = PolicyLoss.Of(options, logProbs, torch.zeros([logRatios.Length]), null, Floats(advantages), Floats(weights), rows);
        result.Loss.backward();
        return (result.Loss.item<float>(), [.. logProbs.grad!.data<float>().Select(value => (double)value)], result.Clipped.item<long>());
    }

    private static Tensor Floats(double[] values) => torch.tensor<float>(Array.ConvertAll(values, value => (float)value), values.Length);
}

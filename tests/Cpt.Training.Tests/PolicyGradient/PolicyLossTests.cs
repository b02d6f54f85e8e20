using System.Text.Json.Nodes;
using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class PolicyLossTests
{
    private static readonly JsonObject s_golden = Golden.Read("policy_gradient.json");
    private static readonly double[][] s_mask = s_golden["mask"].Rows();

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, s_golden["cases"]!.AsArray().Count)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void LossAndGradientMatchTheReference(int index)
    {
        using var scope = torch.NewDisposeScope();
        var expected = s_golden["cases"]![index]!;
        var logProbs = Flat("new_logprobs").requires_grad_();
        var result = Loss(expected, logProbs);
        result.Loss.backward();

        Assert.Equal(expected["loss"]!.GetValue<double>(), result.Loss.item<float>(), 1e-6);
        var gradient = logProbs.grad!.data<float>().Select(value => (double)value).ToArray();
        Golden.AreClose(Masked(expected["grad_new_logprobs"].Rows()), gradient, 1e-6);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ABatchCutIntoPartsHasTheSameLossAndGradient(int index)
    {
        using var scope = torch.NewDisposeScope();
        var expected = s_golden["cases"]![index]!;
        var whole = Flat("new_logprobs").requires_grad_();
        var wholeLoss = Loss(expected, whole).Loss;
        wholeLoss.backward();

        var parts = Flat("new_logprobs").requires_grad_();
        var loss = 0.0;
        foreach (var rows in new[] { 0..5, 5..6, 6..12 })
        {
            var part = Loss(expected, parts, rows).Loss;
            part.backward();
            loss += part.item<float>();
        }

        Assert.Equal(wholeLoss.item<float>(), loss, 1e-6);
        Golden.AreClose([.. whole.grad!.data<float>().Select(v => (double)v)], [.. parts.grad!.data<float>().Select(v => (double)v)], 1e-7);
    }

    [Fact]
    public void OnPolicyTheGradientIsMinusTheAdvantageTimesTheWeightWhateverTheClip()
    {
        using var scope = torch.NewDisposeScope();
        var logProbs = torch.tensor<float>([-1, -2, -3], 3).requires_grad_();
        var advantages = torch.tensor<float>([2, -1, 0.5f], 3);
        var weights = torch.tensor<float>([0.5f, 0.25f, 0.25f], 3);
        var result = PolicyLoss.Of(new PolicyLossOptions { ClipLow = 0.01, ClipHigh = 0.01 }, logProbs, logProbs.detach(), null, advantages, weights);
        result.Loss.backward();
        Assert.Equal([-1f, 0.25f, -0.125f], logProbs.grad!.data<float>());
        Assert.Equal(0, result.Clipped.item<long>());
        Assert.Null(result.Kl);
    }

    [Theory]
    [InlineData(KlEstimator.K1)]
    [InlineData(KlEstimator.K2)]
    [InlineData(KlEstimator.K3)]
    public void EstimatesStayWithinTheirBoundHoweverFarTheModelsAreApart(KlEstimator estimator)
    {
        using var scope = torch.NewDisposeScope();
        var logProbs = torch.tensor<float>([-200, -0.1f, -1], 3);
        var reference = torch.tensor<float>([-0.1f, -200, -1], 3);
        var estimates = KlEstimators.Of(estimator, logProbs, reference).data<float>();
        Assert.All(estimates, estimate => Assert.InRange(estimate, -10, 10));
        Assert.Equal(0, estimates[2]);
    }

    [Fact]
    public void K3AveragedOverSamplesOfThePolicyIsTheTrueDivergence()
    {
        using var scope = torch.NewDisposeScope();
        double[] policy = [0.5, 0.3, 0.2], other = [0.2, 0.5, 0.3];
        var logPolicy = torch.tensor<float>([.. policy.Select(p => (float)Math.Log(p))], 3);
        var logOther = torch.tensor<float>([.. other.Select(p => (float)Math.Log(p))], 3);
        var exact = policy.Zip(other, (p, q) => p * Math.Log(p / q)).Sum();
        foreach (var estimator in new[] { KlEstimator.K1, KlEstimator.K3 })
        {
            var expectation = KlEstimators.Of(estimator, logPolicy, logOther).data<float>().Zip(policy, (estimate, p) => estimate * p).Sum();
            Assert.Equal(exact, expectation, 1e-6);
        }
    }

    [Fact]
    public void AKlCoefficientPullsTowardsTheReference()
    {
        using var scope = torch.NewDisposeScope();
        var logProbs = torch.tensor<float>([-1, -1], 2).requires_grad_();
        var reference = torch.tensor<float>([-2, -0.5f], 2);
        var none = torch.zeros([2]);
        PolicyLoss.Of(new PolicyLossOptions { KlCoefficient = 0.1 }, logProbs, logProbs.detach(), reference, none, torch.ones([2])).Loss.backward();
        var gradient = logProbs.grad!.data<float>();
        Assert.True(gradient[0] > 0 && gradient[1] < 0, $"descending must lower the first and raise the second log-probability; the gradient is {gradient[0]}, {gradient[1]}");
    }

    [Fact]
    public void AnUnknownEstimatorOrAggregationIsRefusedWithWhatThereIs()
    {
        Assert.Contains("rft.kl.estimator: 'k4' is not an estimator; use k1, k2 or k3", Assert.Throws<Contract.StageFailureException>(() => KlEstimators.Parse("k4")).Message, StringComparison.Ordinal);
        Assert.Contains("use TokenMean, SequenceMean or Constant", Assert.Throws<Contract.StageFailureException>(() => TokenWeights.Parse("Mean")).Message, StringComparison.Ordinal);
    }

    private static PolicyLossResult Loss(JsonNode expected, Tensor logProbs, Range? rows = null)
    {
        var (first, count) = (rows ?? ..).GetOffsetAndLength(s_mask.Length);
        var lengths = s_mask.Select(row => (int)row.Sum()).ToArray();
        var start = lengths[..first].Sum();
        var tokens = lengths[first..(first + count)].Sum();
        var options = new PolicyLossOptions
        {
            ClipLow = expected["clip_low"]!.GetValue<double>(),
            ClipHigh = expected["clip_high"]!.GetValue<double>(),
            DualClip = expected["dual_clip"]?.GetValue<double>(),
            KlEstimator = expected["kl"] is { } kl ? KlEstimators.Parse(kl.GetValue<string>()) : KlEstimator.K3,
            KlCoefficient = expected["kl_coefficient"]!.GetValue<double>(),
            RatioLevel = expected["ratio_level"]!.GetValue<string>() == "sequence" ? RatioLevel.Sequence : RatioLevel.Token,
        };
        var aggregation = expected["aggregation"]!.GetValue<string>() switch
        {
            "token_mean" => LossAggregation.TokenMean,
            "sequence_mean" => LossAggregation.SequenceMean,
            _ => LossAggregation.Constant,
        };
        var weights = TokenWeights.Of(aggregation, lengths, maxLength: s_mask[0].Length);
        var advantages = s_golden["advantages"]![expected["advantage"]!.GetValue<string>()].Rows().SelectMany(group => group).ToArray();
        var owner = lengths.SelectMany((length, row) => Enumerable.Repeat(row, length)).ToArray();
        var part = owner[start..(start + tokens)];
        return PolicyLoss.Of(
            options,
            logProbs.narrow(0, start, tokens),
            Flat("old_logprobs").narrow(0, start, tokens),
            expected["kl"] is null ? null : Flat("ref_logprobs").narrow(0, start, tokens),
            Floats(part.Select(row => advantages[row])),
            Floats(part.Select(row => weights[row])),
            new RolloutRows(
                torch.tensor<long>([.. part.Select(row => (long)(row - first))], tokens),
                Floats(lengths[first..(first + count)].Select(length => (double)length))));
    }

    private static Tensor Flat(string name) => Floats(Masked(s_golden[name].Rows()));

    private static Tensor Floats(IEnumerable<double> values)
    {
        float[] floats = [.. values.Select(value => (float)value)];
        return torch.tensor<float>(floats, floats.Length);
    }

    private static double[] Masked(double[][] rows) => [.. rows.SelectMany((row, i) => row.Where((_, t) => s_mask[i][t] == 1))];
}

using Cpt.Contract;
using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class RftLoopTests
{
    [Theory]
    [InlineData(RftAlgorithm.GRPO)]
    [InlineData(RftAlgorithm.RLOO)]
    [InlineData(RftAlgorithm.ReMax)]
    [InlineData(RftAlgorithm.DrGRPO)]
    [InlineData(RftAlgorithm.REINFORCEPlusPlus)]
    [InlineData(RftAlgorithm.GSPO)]
    public void RewardsRise(RftAlgorithm algorithm)
    {
        using var model = Tiny.HalfTaught();
        var rft = Tiny.Of(algorithm, miniBatches: 2);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(25, batch: 16, rate: 5e-3), rft), model, Tiny.EvenDigits()));
        var first = loop.RunStep(default);
        StepReport last = null!;
        while (!loop.Finished) last = loop.RunStep(default);
        Assert.InRange(first.Reward!.Value, 0.1, 0.8);
        Assert.True(last.Reward > 0.95, $"reward went from {first.Reward} to {last.Reward}");
        Assert.Equal(25, loop.History.Points.Count);
        Assert.InRange(last.ResponseTokens!.Value, 1, 2);
    }

    [Fact]
    public void AGroupThatTeachesNothingIsLeftOutWithoutChangingTheUpdate()
    {
        // With a reference, every group takes part in the forward pass, so that its KL can be measured; the coefficient of 0 adds nothing to the loss.
        var without = OneStep(Tiny.Grpo());
        var with = OneStep(Tiny.Grpo() with { KlReference = KlReference.Base });
        Assert.InRange(without.Report.EqualGroups!.Value, 1, 15);
        Assert.Equal(without.Report.Loss, with.Report.Loss, 1e-6);
        Assert.Equal(without.Report.GradientNorm, with.Report.GradientNorm, 1e-5);
        Assert.InRange(Tiny.LargestDifference(without.Weights, with.Weights), 0, 2e-5);
    }

    private static (StepReport Report, Dictionary<string, float[]> Weights) OneStep(RftSpec rft, int groupSize = 2)
    {
        using var model = Tiny.HalfTaught();
        rft = rft with { GroupSize = groupSize };
        // A large epsilon, so that AdamW does not blow the rounding of a tiny gradient up to a whole step.
        var optimization = Tiny.Optimization(1, batch: 16) with { Epsilon = 1e-3 };
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(optimization, rft), model, Tiny.EvenDigits(), Tiny.HalfTaught));
        return (loop.RunStep(default), Tiny.Weights(model));
    }

    /// <summary>
    /// Rollouts of one token, of which at most one fits: every aggregation gives each the weight 1/N, and RLOO's advantages are those of Dr.GRPO times
    /// G/(G − 1). So must be the gradient, if the stage sums and divides as the formula says.
    /// </summary>
    [Fact]
    public void TheGradientOfDrGrpoIsThatOfRlooTimesOneLessThanTheGroupSizeOverIt()
    {
        double Norm(RftAlgorithm algorithm) => OneStep(Tiny.Of(algorithm) with { MaxResponseTokens = 1 }, groupSize: 4).Report.GradientNorm;
        Assert.Equal(0.75, Norm(RftAlgorithm.DrGRPO) / Norm(RftAlgorithm.RLOO), 1e-4);
    }

    /// <summary>Twice the L_max that no rollout reaches: half the gradient, and nothing else.</summary>
    [Fact]
    public void DrGrpoDividesByTheLongestResponseAllowed()
    {
        var (two, four) = (OneStep(Tiny.Of(RftAlgorithm.DrGRPO)).Report, OneStep(Tiny.Of(RftAlgorithm.DrGRPO) with { MaxResponseTokens = 4 }).Report);
        Assert.Equal(two.ResponseTokens!.Value, four.ResponseTokens!.Value);
        Assert.Equal(0.5, four.GradientNorm / two.GradientNorm, 1e-4);
    }

    /// <summary>On-policy the ratio is 1 whatever it is taken over.</summary>
    [Fact]
    public void OnPolicyGspoIsGrpoWithTheSequenceMean()
    {
        var (gspo, grpo) = (OneStep(Tiny.Of(RftAlgorithm.GSPO)), OneStep(Tiny.Grpo() with { LossAggregation = "SequenceMean" }));
        Assert.Equal(grpo.Report.GradientNorm, gspo.Report.GradientNorm, 1e-5);
        Assert.InRange(Tiny.LargestDifference(grpo.Weights, gspo.Weights), 0, 2e-5);
    }

    [Fact]
    public void UnderReinforcePlusPlusGroupsOfEqualRewardsMoveThePolicyToo()
    {
        using var model = Tiny.HalfTaught();
        // Whatever is answered is right for the one and wrong for the other.
        var task = Tiny.Task([Tiny.Sample("right", "a=", "0", @"[\s\S]*"), Tiny.Sample("wrong", "b=", "0", "unreachable")], scorer: "Pattern");
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(1, batch: 2), Tiny.Of(RftAlgorithm.REINFORCEPlusPlus)), model, task));
        var report = loop.RunStep(default);
        Assert.Equal((2, 0.5), (report.EqualGroups, report.Reward));
        Assert.True(report.GradientNorm > 0);
    }

    [Fact]
    public void TheKlToTheReferenceStartsAtZeroAndGrows()
    {
        using var model = Tiny.HalfTaught();
        var rft = Tiny.Grpo() with { KlReference = KlReference.PreviousStage, KlCoefficient = 0.001 };
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(15, batch: 16, rate: 5e-3), rft), model, Tiny.EvenDigits(), Tiny.HalfTaught));
        Assert.Equal(0, loop.RunStep(default).Kl!.Value, 1e-6);
        StepReport last = null!;
        while (!loop.Finished) last = loop.RunStep(default);
        Assert.True(last.Kl > 0.01, $"KL {last.Kl}");
    }

    [Fact]
    public void AStrongKlTermHoldsThePolicyNearTheReference()
    {
        double Kl(double coefficient)
        {
            using var model = Tiny.HalfTaught();
            var rft = Tiny.Grpo() with { KlReference = KlReference.Base, KlCoefficient = coefficient };
            using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(15, batch: 16, rate: 5e-3), rft), model, Tiny.EvenDigits(), Tiny.HalfTaught));
            StepReport last = null!;
            while (!loop.Finished) last = loop.RunStep(default);
            return last.Kl!.Value;
        }

        var (free, held) = (Kl(0), Kl(2));
        Assert.True(held < free / 2, $"KL {free} without, {held} with the term");
    }

    [Fact]
    public void DynamicSamplingTrainsOnMixedGroupsOnlyAndDrawsMoreOfThem()
    {
        using var model = Tiny.HalfTaught();
        var rft = Tiny.Grpo() with { GroupSize = 2, DynamicSamplingBatches = 5 };
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(3), rft), model, Tiny.EvenDigits()));
        var report = loop.RunStep(default);
        var position = loop.SaveState()["position"]!.GetValue<long>();
        Assert.True(position > 8, $"half of the groups of two are expected to be equal, so more than one batch of 8 is drawn; position {position}");
        Assert.Equal(0, position % 8);
        Assert.True(report.EqualGroups > 0);
    }

    [Fact]
    public void AStepWithoutAnyMixedGroupChangesNoWeight()
    {
        using var model = Tiny.HalfTaught();
        var task = Tiny.Task([Tiny.Sample("a", "a=", "x"), Tiny.Sample("b", "b=", "y")]);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(2, batch: 2), Tiny.Grpo()), model, task));
        var before = Tiny.Weights(model);
        var report = loop.RunStep(default);
        Assert.Equal((0.0, 0.0, 2), (report.Loss, report.GradientNorm, report.EqualGroups));
        Tiny.AreEqual(before, Tiny.Weights(model));
    }

    [Fact]
    public void AStageThatLearnsNothingForTenStepsSaysSoOnce()
    {
        using var model = Tiny.HalfTaught();
        var said = new List<string>();
        var task = Tiny.Task([Tiny.Sample("a", "a=", "x"), Tiny.Sample("b", "b=", "y")]);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(15, batch: 2), Tiny.Grpo()), model, task, log: said.Add));
        while (!loop.Finished) loop.RunStep(default);
        Assert.StartsWith("step 10: for 10 steps all rewards within every group were equal (mean reward 0,", Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public void APreflightInWhichNothingIsEarnedStopsTheStageWithAnExample()
    {
        using var model = Tiny.HalfTaught();
        var task = Tiny.Task([Tiny.Sample("first", "a=", "unreachable")]);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(2, batch: 2), Tiny.Grpo() with { PreflightRollouts = 16 }), model, task));
        var error = Assert.Throws<StageFailureException>(() => loop.Preflight(default));
        Assert.Equal((ExitCodes.BadData, "NoRewardSignal"), (error.ExitCode, error.Reason));
        Assert.Contains("none of 8 preflight rollouts on task tiny earned any reward", error.Message, StringComparison.Ordinal);
        Assert.Contains("train sample first: the prompt was \"a=\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("scorer ExactMatch expected \"unreachable\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void APreflightNeitherChangesWeightsNorWhatIsDrawnLater()
    {
        var training = Tiny.Rft(Tiny.Optimization(3), Tiny.Grpo() with { PreflightRollouts = 16 });
        Dictionary<string, float[]> Train(bool preflight)
        {
            using var model = Tiny.HalfTaught();
            using var loop = StageLoops.Create(Tiny.Context(training, model, Tiny.EvenDigits()));
            if (preflight) loop.Preflight(default);
            while (!loop.Finished) loop.RunStep(default);
            return Tiny.Weights(model);
        }

        Tiny.AreEqual(Train(preflight: false), Train(preflight: true));
    }

    [Fact]
    public void ADivergedPolicyStopsTheStageAndNamesTheStep()
    {
        using var model = Tiny.HalfTaught();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(5), Tiny.Grpo()), model, Tiny.EvenDigits()));
        loop.RunStep(default);
        using (torch.no_grad()) model.Parameters[^1].Value.mul_(double.NaN);
        var error = Assert.Throws<StageFailureException>(() => loop.RunStep(default));
        Assert.Equal((ExitCodes.BadData, "NonFiniteLoss"), (error.ExitCode, error.Reason));
        Assert.StartsWith("step 2:", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rft.groupSize: 1 is not possible; a group needs at least 2 rollouts")]
    [InlineData("rft.temperature: 0 is not possible")]
    [InlineData("rft.miniBatches: 9 is not possible; use 1 to batchSize (8)")]
    [InlineData("rft.klCoefficient: 0.1 is not possible; it needs kl.reference")]
    [InlineData("rft.dynamicSampling: 2 is not possible; under REINFORCEPlusPlus")]
    public void AnImpossibleSpecIsRefusedByField(string message)
    {
        var good = Tiny.Grpo();
        var bad = message.Split(':')[0] switch
        {
            "rft.groupSize" => good with { GroupSize = 1 },
            "rft.temperature" => good with { Temperature = 0 },
            "rft.miniBatches" => good with { MiniBatches = 9 },
            "rft.dynamicSampling" => Tiny.Of(RftAlgorithm.REINFORCEPlusPlus) with { DynamicSamplingBatches = 2 },
            _ => good with { KlCoefficient = 0.1 },
        };
        using var model = Tiny.Model();
        var error = Assert.Throws<StageFailureException>(() => StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(1), bad), model, Tiny.EvenDigits())));
        Assert.Equal(ExitCodes.BadSpec, error.ExitCode);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }
}

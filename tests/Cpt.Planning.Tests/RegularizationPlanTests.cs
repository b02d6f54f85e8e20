using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>What holds a stage to earlier ones: which tasks it is estimated on, and that the first stage has none.</summary>
public sealed class RegularizationPlanTests
{
    private static readonly RegularizationSettings s_both = new() { Ewc = new EwcSettings { Lambda = "400" }, Lwf = new LwfSettings() };

    [Fact]
    public void EwcIsEstimatedOnAllEarlierTasksWithTheirDigests()
    {
        var world = new World(Chain(s_both).Build());
        world.Finish();
        var terms = world.Created[2].Spec.Training.Regularization!;
        Assert.Equal((400, 256), (terms.Ewc!.Lambda, terms.Ewc.FisherSamples));
        Assert.Equal([("sums", A.Digest("generated://digits/sums")), ("parity", A.Digest("generated://digits/parity"))], terms.Ewc.Tasks.Select(task => (task.Name, task.Digest!)));
        Assert.Equal(new LwfSpec { Weight = 1, Temperature = 2 }, terms.Lwf);
    }

    [Fact]
    public void TheFirstStageHasNoEarlierTaskToHoldAndSaysSo()
    {
        var plan = new World(Chain(new RegularizationSettings { Ewc = s_both.Ewc }).Build()).Decide();
        Assert.Null(plan.Actions.OfType<PlanAction.CreateJob>().Single().Spec.Training.Regularization);
        Assert.Contains(plan.Explanations, because => because is { Stage: "sums", Reason: "NothingToHold" });
        var both = StageSpecs.Training(Chain(s_both).Build(), 0, null).Regularization!;
        Assert.Null(both.Ewc);
        Assert.NotNull(both.Lwf);
    }

    [Fact]
    public void EveryPartOfItDecidesTheHash()
    {
        string Hash(RegularizationSettings? terms) => Digests.StageHash(A.Digest("input"), StageSpecs.Training(Chain(terms).Build(), 1, A.Digest("task")));
        string[] hashes =
        [
            Hash(null), Hash(s_both), Hash(s_both with { Lwf = null }), Hash(s_both with { Ewc = null }), Hash(s_both with { Ewc = new EwcSettings { Lambda = "401" } }),
            Hash(s_both with { Ewc = new EwcSettings { Lambda = "400", FisherSamples = 12 } }), Hash(s_both with { Lwf = new LwfSettings { Weight = "2" } }), Hash(s_both with { Lwf = new LwfSettings { Temperature = "1" } }),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Hash(s_both), Hash(new RegularizationSettings { Ewc = new EwcSettings { Lambda = "4e2", FisherSamples = 256 }, Lwf = new LwfSettings { Weight = "1.0", Temperature = "2" } }));
    }

    [Fact]
    public void ThePlanNamesTheTerms() => Assert.Equal(
        "SFT on generated://digits/half, EWC (λ 400) for sums and parity, LwF (weight 1, T 2)", TrainingText.Of(StageSpecs.Training(Chain(s_both).Build(), 2, null)));

    private static RunBuilder Chain(RegularizationSettings? terms) => A.Run("demo").WithStage("sums", Method.SFT).WithStage("parity", Method.SFT).WithStage("half", Method.SFT).With(spec => spec with
    {
        Stages = [.. spec.Stages.Select(stage => stage with { Regularization = terms })],
    });
}

using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>Adapters that are kept apart: which stages' they are, and that they are part of what a stage is.</summary>
public sealed class OrthogonalPlanTests
{
    [Fact]
    public void AnAdapterIsKeptApartFromThoseOfEarlierStagesThatTrainedOne()
    {
        var world = new World(Chain().Build());
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        var spec = world.Created[3].Spec;
        Assert.Equal(.5, spec.Training.Lora!.Orthogonal!.Lambda);
        Assert.Equal([world.Created[0].Spec.StageHash, world.Created[2].Spec.StageHash], spec.Training.Lora.Orthogonal.Stages);
        Assert.Equal(Digests.StageHash(spec.Input.Digest, spec.Training), spec.StageHash);
        Assert.Null(world.Created[1].Spec.Training.Lora);
        // The finished chain is looked at once more and stays as it is.
        Assert.Equal(4, world.Created.Count);
        world.Settle();
        Assert.Equal(4, world.Created.Count);
    }

    [Fact]
    public void TheFirstAdapterHasNoneToAvoidAndTheRunSaysSo()
    {
        var plan = new World(Chain().Build()).Decide();
        Assert.Null(plan.Actions.OfType<PlanAction.CreateJob>().Single().Spec.Training.Lora!.Orthogonal);
        Assert.Contains(plan.Explanations, because => because is { Stage: "a", Reason: "NothingToAvoid" });
    }

    [Fact]
    public void AStageWithoutTheTermHasTheHashItAlwaysHad() =>
        Assert.DoesNotContain("orthogonal", System.Text.Json.JsonSerializer.Serialize(StageSpecs.Training(Chain().Build(), 0, null), ContractJson.Default.TrainingSpec), StringComparison.Ordinal);

    [Fact]
    public void ThePlanNamesTheTerm() => Assert.Equal(
        "SFT on generated://digits/d, adapter orthogonal (λ 0.5) to 2 earlier adapters", TrainingText.Of(StageSpecs.Training(Chain().Build(), 3, null)));

    private static RunBuilder Chain() => A.Run("demo").WithStage("a", Method.SFT).WithStage("b", Method.SFT).WithStage("c", Method.SFT).WithStage("d", Method.SFT).With(spec => spec with
    {
        Stages = [.. spec.Stages.Select(stage => stage.Name == "b" ? stage : stage with { Lora = new LoraSettings { Rank = 4, Orthogonal = new OrthogonalSettings { Lambda = "0.5" } } })],
    });
}

using Cpt.Api;

namespace Cpt.Planning.Tests;

public sealed class ReusePolicyTests
{
    [Fact]
    public void ARunThatReusesNothingTrainsWhatAnotherHasTrained()
    {
        var world = Finished(A.Run("first"));
        Assert.Equal(RunOutcome.Succeeded, Another(world, A.Run("second"), ReusePolicy.Never).Outcome);
        Assert.Equal(["parity", "half"], world.Created.Select(made => made.Spec.Stage));
        Assert.All(world.Status.Stages, stage => Assert.Equal(StageState.Succeeded, stage.State));
        Assert.All(world.Created, made => Assert.Equal("ml/second", made.Spec.Training.Owner));
    }

    [Fact]
    public void NobodyTakesOverWhatItTrained()
    {
        var world = Finished(A.Run("first"), ReusePolicy.Never);
        Another(world, A.Run("second"), ReusePolicy.IfUnchanged);
        Assert.Equal(["parity", "half"], world.Created.Select(made => made.Spec.Stage));
    }

    [Fact]
    public void ItsOwnResultsAreFoundAgainWhenItsStatusIsLost()
    {
        var world = Finished(A.Run("first"), ReusePolicy.Never);
        Another(world, A.Run("first"), ReusePolicy.Never);
        Assert.Empty(world.Created);
    }

    [Fact]
    public void ARunMadeAnewUnderTheSameNameIsAnotherOneWhereRunsHaveIds()
    {
        var world = Finished(A.Run("first").WithMeta(meta => meta with { Uid = "1" }), ReusePolicy.Never);
        Another(world, A.Run("first").WithMeta(meta => meta with { Uid = "2" }), ReusePolicy.Never);
        Assert.Equal(2, world.Created.Count);
    }

    [Fact]
    public void ChangingThePolicyLaterLeavesFinishedStagesAlone()
    {
        var world = Finished(A.Run("first"));
        world.Created.Clear();
        // Its data moved as well, so that what it trained has to be compared, and not only said to be the same.
        world.Broken["file:///moved"] = Lookup.Digest(A.Digest("generated://digits/parity"));
        world.Run = world.Run with
        {
            Spec = world.Run.Spec with
            {
                ReusePolicy = ReusePolicy.Never,
                Stages = [.. world.Run.Spec.Stages.Select(stage => stage.Name == "parity" ? stage with { Task = stage.Task! with { Uri = "file:///moved" } } : stage)],
            },
        };
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Empty(world.Created);
    }

    private static ContinualRun Chain(RunBuilder run, ReusePolicy policy) =>
        run.WithStage("parity", Method.SFT).WithStage("half", Method.RFT).With(spec => spec with { ReusePolicy = policy }).Build();

    private static World Finished(RunBuilder run, ReusePolicy policy = ReusePolicy.IfUnchanged)
    {
        var world = new World(Chain(run, policy));
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal(2, world.Created.Count);
        return world;
    }

    private static Plan Another(World world, RunBuilder run, ReusePolicy policy)
    {
        foreach (var job in world.Jobs.Keys.ToArray())
        {
            world.Remove(job);
        }

        world.Created.Clear();
        world.Run = Chain(run, policy);
        return world.Finish();
    }
}

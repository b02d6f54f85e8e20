using System.Text.Json;
using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>Earlier tasks that a stage replays: which they are, what they do to its hash, and that they stay what they were when the stage began.</summary>
public sealed class ReplayPlanTests
{
    [Fact]
    public void AStageReplaysTheTasksOfAllEarlierStagesOrOfThoseItNames()
    {
        ReplaySpec? Of(int stage, ReplaySettings replay) => StageSpecs.Training(Chain(stage, replay).Build(), stage, null).Replay;

        Assert.Equal(["sums", "parity"], Of(2, new ReplaySettings { Percentage = 10 })!.Tasks.Select(task => task.Name));
        Assert.Equal(["sums", "parity"], Of(2, new ReplaySettings { Percentage = 10, FromStages = [] })!.Tasks.Select(task => task.Name));
        var named = Of(2, new ReplaySettings { Percentage = 33, FromStages = ["parity"] })!;
        Assert.Equal((33, "parity", "generated://digits/parity"), (named.Percentage, named.Tasks.Single().Name, named.Tasks[0].Uri));
        Assert.Null(Of(0, new ReplaySettings { Percentage = 10 }));
    }

    [Fact]
    public void AReplayedTaskKeepsTheScorerItsStageGaveIt()
    {
        var run = Chain(1, new ReplaySettings { Percentage = 10 }).With(spec => spec with
        {
            Stages = [spec.Stages[0] with { Task = spec.Stages[0].Task! with { Scorer = Scorer.Numeric } }, .. spec.Stages.Skip(1)],
        }).Build();
        Assert.Equal("Numeric", StageSpecs.Training(run, 1, null).Replay!.Tasks[0].Scorer);
    }

    [Fact]
    public void EveryDigestOfAReplayedTaskIsLookedUpAndReachesTheTrainer()
    {
        var world = new World(Chain(2, new ReplaySettings { Percentage = 10 }).Build());
        world.Finish();
        var training = world.Created[2].Spec.Training;
        Assert.Equal(A.Digest("generated://digits/half"), training.Task.Digest);
        Assert.Equal([A.Digest("generated://digits/sums"), A.Digest("generated://digits/parity")], training.Replay!.Tasks.Select(task => task.Digest));
        Assert.All(world.Created.Take(2), made => Assert.Null(made.Spec.Training.Replay));
        Assert.Equal(Digests.StageHash(world.Created[2].Spec.Input.Digest, training), world.Created[2].Spec.StageHash);
        Assert.All(world.Status.Stages, stage => Assert.Null(stage.TaskDigests));
    }

    [Fact]
    public void WhatIsReplayedDecidesTheWeightsAndSoTheHash()
    {
        string Hash(ReplaySettings? replay, string oldData = "old")
        {
            var run = Chain(2, replay).Build();
            return StageSpecs.Build(run, 2, new StageInputs
            {
                BaseModelDigest = A.Digest("base"), InputDigest = A.Digest("input"), TaskDigest = A.Digest("task"), TaskDigests = replay is null ? [] : [A.Digest("task"), A.Digest(oldData), A.Digest("second")],
            }).StageHash;
        }

        string[] hashes =
        [
            Hash(null), Hash(new ReplaySettings { Percentage = 10 }), Hash(new ReplaySettings { Percentage = 11 }),
            Hash(new ReplaySettings { Percentage = 10, FromStages = ["sums"] }), Hash(new ReplaySettings { Percentage = 10 }, "other data"),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(hashes[1], Hash(new ReplaySettings { Percentage = 10, FromStages = ["sums", "parity"] }));
    }

    [Fact]
    public void TheHashOfAStageThatReplaysNothingIsWhatItAlwaysWas()
    {
        var training = StageSpecs.Training(Chain(0, null).Build(), 0, A.Digest("task"));
        var text = JsonSerializer.Serialize(training, ContractJson.Default.TrainingSpec);
        Assert.DoesNotContain("replay", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("joint", text, StringComparison.OrdinalIgnoreCase);
        // Written down when neither was known.
        Assert.Equal("e8e524d6bb577d2da2f5de9fa832f017bd42db26", Digests.StageHash(A.Digest("base"), training));
    }

    [Fact]
    public void ARetriedStageReplaysTheDataItBeganWith()
    {
        var world = new World(Chain(1, new ReplaySettings { Percentage = 10 }).Build());
        world.Settle();
        world.Train();
        world.Settle();
        Assert.Equal([A.Digest("generated://digits/parity"), A.Digest("generated://digits/sums")], world.Status.Stages[1].TaskDigests!);
        var first = world.Created[1].Spec;

        world.Advance(world.Live!);
        world.End(world.Live!, exitCode: null, "Preempted");
        world.Broken["generated://digits/sums"] = Lookup.Digest(A.Digest("changed meanwhile"));
        world.Settle();

        var second = world.Created[2].Spec;
        Assert.Equal((2, first.StageHash), (second.Attempt, second.StageHash));
        Assert.Equal(A.Digest("generated://digits/sums"), second.Training.Replay!.Tasks[0].Digest);
    }

    [Fact]
    public void ReplayedDataThatOnlyMovedDoesNotTrainAFinishedStageAgain()
    {
        var world = new World(Chain(1, new ReplaySettings { Percentage = 10 }).Build());
        world.Finish();
        world.Broken["file:///elsewhere"] = Lookup.Digest(A.Digest("generated://digits/sums"));
        world.Run = world.Run with { Spec = world.Run.Spec with { Stages = [world.Run.Spec.Stages[0] with { Task = new StageTask { Uri = "file:///elsewhere" } }, .. world.Run.Spec.Stages.Skip(1)] } };

        Assert.Equal(RunOutcome.Succeeded, world.Settle().Outcome);
        Assert.Equal(3, world.Created.Count);
    }

    [Fact]
    public void ThePlanSaysWhatIsReplayed()
    {
        var world = new World(Chain(2, new ReplaySettings { Percentage = 10 }).Build());
        while (world.Created.Count < 2)
        {
            world.Settle();
            world.Train();
        }

        Assert.Contains("SFT on generated://digits/half, 10 % of every batch replayed from sums and parity, from the result of parity.", world.Decide().Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFirstStageIsToldThatItHasNothingToReplay()
    {
        var plan = new World(Chain(0, new ReplaySettings { Percentage = 10 }).Build()).Decide();
        Assert.Contains(plan.Explanations, because => because is { Stage: "sums", Reason: "NothingToReplay" });
        Assert.Equal("Attempt 1 of stage sums begins: SFT on generated://digits/sums, from the base model.", plan.Status.Message);
    }

    private static RunBuilder Chain(int stage, ReplaySettings? replay) => A.Run("demo").WithStage("sums", Method.SFT).WithStage("parity", Method.SFT).WithStage("half", Method.SFT).With(spec => spec with
    {
        Stages = [.. spec.Stages.Select((known, index) => index == stage ? known with { Replay = replay } : known)],
    });
}

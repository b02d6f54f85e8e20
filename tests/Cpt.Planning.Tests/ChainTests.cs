using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>A chain in which nothing goes wrong, and the edits somebody may make to it.</summary>
public sealed class ChainTests
{
    [Fact]
    public void StagesRunOneAfterAnotherEachFromTheResultOfTheOneBefore()
    {
        var world = new World(Chain().Build());
        var plan = world.Finish();

        Assert.Equal(RunOutcome.Succeeded, plan.Outcome);
        Assert.Equal(["demo-sums-a1", "demo-parity-a1", "demo-half-a1"], world.Created.Select(made => made.JobName));
        Assert.Null(world.Created[0].Spec.Input.StageHash);
        Assert.Equal(world.Created[0].Spec.StageHash, world.Created[1].Spec.Input.StageHash);
        Assert.Equal(world.Status.Stages[0].CheckpointDigest, world.Created[1].Spec.Input.Digest);
        Assert.Equal(world.Created[1].Spec.StageHash, world.Created[2].Spec.Input.StageHash);
        Assert.All(world.Status.Stages, stage => Assert.Equal((StageState.Succeeded, 1, 0, "6/6"), (stage.State, stage.Attempts, stage.LastExitCode, stage.Progress)));
        Assert.Equal(("3/3", null, "SFT,RFT", Reasons.AllStagesFinished), (world.Status.StagesDone, world.Status.CurrentStage, world.Status.Methods, world.Status.Reason));
        Assert.Equal(world.Status.Stages[2].CheckpointDigest, world.Status.Checkpoint);
    }

    [Fact]
    public void TheStatusIsWrittenBeforeTheJobIsCreated()
    {
        var plan = new World(Chain().Build()).Decide();

        Assert.Collection(
            plan.Actions,
            action => Assert.Equal(1, Assert.IsType<PlanAction.PersistStatus>(action).Status.Stages[0].Attempts),
            action => Assert.Equal("demo-sums-a1", Assert.IsType<PlanAction.CreateJob>(action).JobName));
    }

    [Fact]
    public void OnlyTheFirstAttemptScoresTheBaseModel()
    {
        var world = new World(Chain().Build());
        world.Finish();
        Assert.Equal([true, false, false], world.Created.Select(made => made.Spec.Evaluation.Baseline));
    }

    [Fact]
    public void TheMatrixAndItsMeasuresAreInTheStatus()
    {
        var world = new World(Chain().WithBenchmark("copy").Build());
        world.Finish();

        var matrix = world.Status.Matrix!;
        Assert.Equal(["sums", "parity", "half"], matrix.Tasks);
        Assert.Equal(["", "sums", "parity", "half"], matrix.Rows.Select(row => row.After));
        Assert.Equal(["25.00", "25.00", "25.00"], matrix.Rows[0].Tasks);
        Assert.Equal(["100.00", "", ""], matrix.Rows[1].Tasks);
        Assert.Equal(["75.00", "75.00", "100.00"], matrix.Rows[3].Tasks);
        Assert.Equal(["75.00"], matrix.Rows[3].Benchmarks);
        Assert.Equal(("83.33", "-25.00", "-25.00"), (world.Status.AverageAccuracy, world.Status.Forgetting, world.Status.ForgettingFromPeak));
    }

    [Fact]
    public void ADecisionThatChangesNothingWritesNothing()
    {
        var world = new World(Chain().Build());
        for (var moment = 0; moment < 60; moment++)
        {
            world.Settle();
            Assert.Empty(world.Decide().Actions);
            if (world.Live is { } job)
            {
                world.Advance(job);
            }
        }

        Assert.Equal(Reasons.AllStagesFinished, world.Status.Reason);
    }

    [Fact]
    public void WhileAJobRunsNothingIsLookedUp()
    {
        var world = new World(Chain().Build());
        world.Settle();
        world.Advance(world.Live!);
        world.Settle();
        var before = world.Lookups;

        world.Advance(world.Live!);
        world.Settle();
        world.Advance(world.Live!);
        world.Settle();

        Assert.Equal(before, world.Lookups);
    }

    [Fact]
    public void StepCountsAloneAreWrittenAsProgress()
    {
        var world = new World(Chain().Build());
        world.Settle();
        world.Advance(world.Live!);
        world.Settle();
        world.Advance(world.Live!);

        var persist = Assert.IsType<PlanAction.PersistStatus>(Assert.Single(world.Decide().Actions));
        Assert.True(persist.ProgressOnly);
        Assert.Equal(("1/6", "1/6"), (persist.Status.Progress, persist.Status.Stages[0].Progress));
    }

    /// <summary>From the commit, so that a stage that was reused, or whose status was lost, says it too.</summary>
    [Fact]
    public void AFinishedStageSaysHowManySamplesItLearnedFrom()
    {
        var world = new World(Chain().Build());
        world.Settle();
        world.Train();
        var hash = world.Finals.Keys.Single();
        world.Finals[hash] = world.Finals[hash] with { Metrics = new Dictionary<string, double>(StringComparer.Ordinal) { ["instances"] = 640, ["instancesKept"] = 410 } };
        world.Settle();
        Assert.Equal(("410/640", null), (world.Status.Stages[0].Kept, world.Status.Stages[0].Sampled));
        world.Finish();
        Assert.Equal((StageState.Succeeded, null), (world.Status.Stages[1].State, world.Status.Stages[1].Kept));
    }

    /// <summary>Seen while it trains, or, where that was too short to be seen, in the end's own message.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatAProbeFoundStaysInTheStatus(bool seen)
    {
        var world = new World(Chain().Build());
        world.Settle();
        world.Advance(world.Live!);
        if (seen)
        {
            world.Live!.Seen = world.Live.Seen with { Progress = world.Live.Progress(TrainerPhase.Training, world.Now) with { Probe = "RFT: of course" } };
            world.Settle();
        }

        var job = world.Live!;
        world.Train();
        job.Seen = job.Seen with { Result = seen ? null : new StageResult { Stage = "sums", Attempt = 1, StageHash = job.Made.Spec.StageHash, ExitCode = 0, Reason = "Completed", Probe = "RFT: of course" } };
        world.Settle();
        Assert.Equal((StageState.Succeeded, "RFT: of course"), (world.Status.Stages[0].State, world.Status.Stages[0].Probe));
    }

    [Fact]
    public void ACleanStageCostsAtMostFourStatusWrites()
    {
        var world = new World(Chain().Build());
        world.Finish();
        var writes = world.Done.OfType<PlanAction.PersistStatus>().Count(persist => !persist.ProgressOnly);
        Assert.InRange(writes, 3, 3 * 4);
    }

    [Fact]
    public void AStageAddedAfterTheEndIsLearnedOnTopOfTheLast()
    {
        var world = new World(A.Run("demo").WithStage("sums", Method.SFT).Build());
        world.Finish();
        var first = world.Status.Stages[0];

        world.Run = A.Run("demo").WithStage("sums", Method.SFT).WithStage("half", Method.RFT).Build() with { Status = world.Status };
        world.Settle();
        Assert.Equal((ConditionStatus.Unknown, null), (Condition(world, ConditionTypes.Succeeded).Status, world.Status.CompletionTime));
        var plan = world.Finish();

        Assert.Equal(RunOutcome.Succeeded, plan.Outcome);
        Assert.Equal(["demo-sums-a1", "demo-half-a1"], world.Created.Select(made => made.JobName));
        Assert.Equal(first, world.Status.Stages[0]);
        Assert.True(world.Created[1].Spec.Evaluation.Baseline, "row 0 lacks the new task");
    }

    [Fact]
    public void AFinishedStageThatWasEditedIsRefusedWithItsPathAndNotTrainedAgain()
    {
        var world = new World(Chain().Build());
        world.Finish();
        world.Run = A.Run("demo").WithStage("sums", Method.SFT, "1e-3").WithStage("parity", Method.RFT).WithStage("half", Method.RFT).Build() with { Status = world.Status };

        var plan = world.Settle();

        Assert.Equal(RunOutcome.Failed, plan.Outcome);
        Assert.StartsWith("spec.stages[0]: \"sums\" is finished with other settings", Condition(world, ConditionTypes.Accepted).Message, StringComparison.Ordinal);
        Assert.Equal(Reasons.StageChanged, Condition(world, ConditionTypes.Accepted).Reason);
        Assert.Equal(3, world.Created.Count);

        world.Run = Chain().Build() with { Status = world.Status };
        Assert.Equal(RunOutcome.Succeeded, world.Settle().Outcome);
    }

    [Fact]
    public void AFinishedStageCannotBeMoved()
    {
        var world = new World(Chain().Build());
        world.Finish();
        world.Run = A.Run("demo").WithStage("first", Method.SFT).WithStage("sums", Method.SFT).WithStage("parity", Method.RFT).WithStage("half", Method.RFT).Build() with { Status = world.Status };

        Assert.Equal(RunOutcome.Failed, world.Settle().Outcome);
        Assert.StartsWith("spec.stages[1]: \"sums\" is finished and was trained after the base model", Condition(world, ConditionTypes.Accepted).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DataThatOnlyMovedIsStillTheSameStage()
    {
        var world = new World(Chain().Build());
        world.Finish();
        world.Broken["file:///moved/sums"] = Lookup.Digest(A.Digest("generated://digits/sums"));
        var moved = Chain().With(spec => spec with { Stages = [spec.Stages[0] with { Task = new StageTask { Uri = "file:///moved/sums" } }, .. spec.Stages.Skip(1)] });
        world.Run = moved.Build() with { Status = world.Status };

        Assert.Equal(RunOutcome.Succeeded, world.Settle().Outcome);
        Assert.Empty(world.Decide().Actions);
        Assert.Equal(3, world.Created.Count);
    }

    [Fact]
    public void TheLastStageMayBeRemovedAndAnotherPutInItsPlace()
    {
        var world = new World(Chain().Build());
        world.Finish();
        world.Run = A.Run("demo").WithStage("sums", Method.SFT).WithStage("parity", Method.RFT).WithStage("residue", Method.RFT).Build() with { Status = world.Status };

        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal(["sums", "parity", "residue"], world.Status.Stages.Select(stage => stage.Name));
        Assert.Equal("demo-residue-a1", world.Created[^1].JobName);
    }

    [Fact]
    public void AnEditOfTheRunningStageEndsItsJobAndTrainsAnew()
    {
        var world = new World(Chain().Build());
        world.Settle();
        world.Advance(world.Live!);
        world.Settle();
        world.Run = A.Run("demo").WithStage("sums", Method.SFT, "1e-3").WithStage("parity", Method.RFT).WithStage("half", Method.RFT).Build() with { Status = world.Status };

        world.Settle();
        Assert.True(world.Live!.Seen.Stopping);
        Assert.Equal(Reasons.WaitingForJob, world.Status.Reason);

        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal(["demo-sums-a1", "demo-sums-a2"], world.Created.Take(2).Select(made => made.JobName));
        Assert.NotEqual(world.Created[0].Spec.StageHash, world.Created[1].Spec.StageHash);
        Assert.Equal((0, 0), (world.Status.Stages[0].Retries, world.Status.Stages[0].Preemptions));
    }

    [Fact]
    public void AnEditOfALaterStageLeavesTheRunningOneAlone()
    {
        var world = new World(Chain().Build());
        world.Settle();
        world.Advance(world.Live!);
        world.Run = Chain().With(spec => spec with { Stages = [spec.Stages[0], spec.Stages[1] with { Rft = new RftSettings { GroupSize = 4 } }, spec.Stages[2]] }).Build() with { Status = world.Status };

        world.Settle();
        Assert.False(world.Live!.Seen.Stopping);
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal(3, world.Created.Count);
        Assert.Equal(4, world.Created[1].Spec.Training.Rft!.GroupSize);
    }

    [Fact]
    public void DataThatChangesUnderARunningStageDoesNotMakeAnotherStageOfIt()
    {
        var world = new World(Chain().Build());
        world.Settle();
        var hash = world.Status.Stages[0].StageHash;
        world.Advance(world.Live!);
        world.Settle();
        world.End(world.Live!, null, "DisruptionTarget");
        world.Broken["generated://digits/sums"] = Lookup.Digest(A.Digest("changed"));

        world.Settle();
        Assert.Equal(hash, world.Created[1].Spec.StageHash);
        Assert.Equal(A.Digest("generated://digits/sums"), world.Created[1].Spec.Training.Task.Digest);
    }

    [Fact]
    public void ABenchmarkAddedLaterIsScoredFromTheNextStageOn()
    {
        var world = new World(Chain().Build());
        world.Settle();
        world.Train();
        world.Settle();
        world.Run = Chain().WithBenchmark("copy").Build() with { Status = world.Status };

        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal(["", "75.00"], world.Status.Matrix!.Rows.Skip(1).Take(1).Concat(world.Status.Matrix.Rows.TakeLast(1)).Select(row => row.Benchmarks[0]));
        Assert.All(world.Status.Stages.Where(stage => stage.Name != "parity"), stage => Assert.Equal(1, stage.Attempts));
    }

    [Fact]
    public void ThePlanTellsWhatWouldHappenToEveryStage()
    {
        var explanations = new World(Chain().Build()).Decide().Explanations;
        Assert.Contains(explanations, one => one.Message == "Attempt 1 of stage sums begins: SFT on generated://digits/sums, from the base model.");
        Assert.Contains(explanations, one => one is { Stage: "half", Message: "Stage half starts when parity is finished." });
    }

    [Fact]
    public void SixtyFourStagesWithAllRetriesUsedFitIntoOneObject()
    {
        var builder = A.Run("a-run-with-a-rather-long-name");
        for (var index = 0; index < 64; index++)
        {
            builder.WithStage($"stage-number-{index}", Method.RFT, "1e-5");
        }

        var world = new World(builder.With(spec => spec with { Evaluation = new EvaluationSettings { Scope = EvaluationScope.AllTasks } }).Build());
        for (var plan = world.Settle(); plan.Outcome == RunOutcome.Active; plan = world.Settle())
        {
            if (world.Live is not { } job)
            {
                world.Now = plan.RequeueAt!.Value;
            }
            else if (job.Made.Spec.Attempt <= RunDefaults.MaximumRetries)
            {
                world.End(job, ExitCodes.Internal);
            }
            else
            {
                world.Train();
            }
        }

        Assert.Equal("64/64", world.Status.StagesDone);
        Assert.Equal(64 * RunDefaults.MaximumRetries, world.Status.Retries);
        Assert.InRange(ManifestReader.Write(world.Run).Length, 10_000, 100_000);
    }

    private static RunBuilder Chain() => A.Run("demo").WithStage("sums", Method.SFT).WithStage("parity", Method.RFT).WithStage("half", Method.RFT);

    private static Condition Condition(World world, string type) => world.Status.Conditions.Single(condition => condition.Type == type);
}

using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>What holds a run back: suspension, gates, deadlines, storage, a spec that cannot be carried out, its deletion.</summary>
public sealed class HoldTests
{
    [Fact]
    public void SuspendingEndsTheJobAndResumingGoesOnWithTheNextAttempt()
    {
        var world = Started(Chain());
        Set(world, spec => spec with { Suspend = true });
        var plan = world.Settle();
        Assert.Equal((RunOutcome.Active, Reasons.Suspending, true), (plan.Outcome, world.Status.Reason, world.Live!.Seen.Stopping));
        Assert.Equal(ConditionStatus.True, Condition(world, ConditionTypes.Suspended).Status);

        world.Train();
        plan = world.Settle();
        Assert.Equal((RunOutcome.Suspended, Reasons.Suspended, null), (plan.Outcome, world.Status.Reason, plan.RequeueAt));
        Assert.Equal(ConditionStatus.Unknown, Condition(world, ConditionTypes.Succeeded).Status);

        Set(world, spec => spec with { Suspend = false });
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal((2, 0, 0), (world.Status.Stages[0].Attempts, world.Status.Stages[0].Retries, world.Status.Stages[0].Preemptions));
        Assert.Equal(ConditionStatus.False, Condition(world, ConditionTypes.Suspended).Status);
    }

    [Fact]
    public void ASuspendedJobThatIsRemovedWithItsPodsCostsNothingEither()
    {
        var world = Started(Chain());
        Set(world, spec => spec with { Suspend = true });
        world.Settle();
        world.Remove("demo-sums-a1");
        world.Settle();
        Set(world, spec => spec with { Suspend = false });

        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal((2, 0), (world.Status.Stages[0].Attempts, world.Status.Stages[0].Preemptions));
    }

    [Fact]
    public void ARunThatIsCreatedSuspendedStartsNothing()
    {
        var world = new World(Chain().With(spec => spec with { Suspend = true }).Build());
        Assert.Equal(RunOutcome.Suspended, world.Settle().Outcome);
        Assert.Empty(world.Created);
    }

    [Fact]
    public void SuspendingAFinishedRunChangesNothing()
    {
        var world = new World(Chain().Build());
        world.Finish();
        Set(world, spec => spec with { Suspend = true });
        Assert.Equal(RunOutcome.Succeeded, world.Settle().Outcome);
    }

    [Theory]
    [InlineData(GateMetric.Forgetting, "24", null, "forgetting after half is 25.00, more than the maximum of 24")]
    [InlineData(GateMetric.ForgettingFromPeak, "24", null, "forgetting from the peak after half is 25.00, more than the maximum of 24")]
    [InlineData(GateMetric.AverageAccuracy, null, "90", "average accuracy after half is 87.50, less than the minimum of 90")]
    [InlineData(GateMetric.BenchmarkDrop, "10", null, "the drop on benchmarks after sums is 40.00, more than the maximum of 10")]
    public void AGateThatStopsFailsTheRunBeforeTheNextStage(GateMetric metric, string? maximum, string? minimum, string sentence)
    {
        var world = new World(Chain().WithBenchmark("copy").WithGate(metric, GateAction.Stop, maximum, minimum).Build())
        {
            Accuracy = (after, task) => task == "copy" ? (after.Length == 0 ? 0.9 : 0.5) : after == task ? 1 : 0.75,
        };

        Assert.Equal(RunOutcome.Failed, world.Finish().Outcome);
        Assert.Equal(Reasons.GateFailed, world.Status.Reason);
        Assert.Contains(sentence, world.Status.Message, StringComparison.Ordinal);
        Assert.Equal(StageState.Skipped, world.Status.Stages[^1].State);
        Assert.DoesNotContain(world.Created, made => made.Spec.Stage == "residue");
    }

    [Fact]
    public void AGateAtItsLimitLetsTheRunPass()
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, GateAction.Stop, maximum: "25").Build());
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
    }

    [Fact]
    public void AGateThatSuspendsHoldsTheNextStageUntilTheLimitIsRaised()
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, GateAction.Suspend, maximum: "5").Build());
        Assert.Equal((RunOutcome.Suspended, Reasons.GateHeld), (world.Finish().Outcome, world.Status.Reason));
        Assert.Equal((ConditionStatus.True, Reasons.GateHeld), (Condition(world, ConditionTypes.Suspended).Status, Condition(world, ConditionTypes.Suspended).Reason));
        Assert.Equal(ConditionStatus.True, Condition(world, ConditionTypes.Stalled).Status);

        world.Run = Chain().WithGate(GateMetric.Forgetting, GateAction.Suspend, maximum: "30").Build() with { Status = world.Status };
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
    }

    [Theory]
    [InlineData(GateAction.Suspend)]
    [InlineData(GateAction.Stop)]
    public void ARetryTokenLetsTheRunPastAGateOnce(GateAction action)
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, action, maximum: "5").Build());
        world.Finish();
        Set(world, spec => spec with { RetryToken = "on" });
        world.Finish();

        Assert.Equal("half", world.Status.GatesPassedAfter);
        Assert.Contains(world.Created, made => made.Spec.Stage == "residue");
    }

    [Fact]
    public void AGateThatOnlyTellsLetsTheRunGoOnAndSaysSoAtItsEnd()
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, GateAction.Continue, maximum: "5").Build());
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal("All 3 stages are finished. Note that forgetting after residue is 25.00, more than the maximum of 5.", world.Status.Message);
    }

    [Fact]
    public void AGateIsNotAskedAboutAStageThatHasStarted()
    {
        var world = new World(Chain().Build());
        world.Settle();
        world.Train();
        world.Settle();
        world.Train();
        world.Settle();
        Assert.Equal("demo-residue-a1", world.Live!.Made.JobName);
        world.Run = Chain().WithGate(GateMetric.Forgetting, GateAction.Stop, maximum: "30").Build() with { Status = world.Status };
        world.End(world.Live!, null, "Evicted");
        world.Settle();
        Assert.Equal("demo-residue-a2", world.Live!.Made.JobName);
    }

    [Fact]
    public void ADeadlineEndsTheRunToTheSecond()
    {
        var world = new World(Chain().With(spec => spec with { ActiveDeadlineSeconds = 60 }).Build());
        world.Settle();
        world.Advance(world.Live!);
        Assert.Equal(A.Morning.AddSeconds(60), world.Settle().RequeueAt);

        world.Now = A.Morning.AddSeconds(60);
        var plan = world.Step();
        Assert.Equal((RunOutcome.Failed, Reasons.DeadlineExceeded), (plan.Outcome, world.Status.Reason));
        Assert.True(world.Live!.Seen.Stopping);
        Assert.Equal([StageState.Failed, StageState.Skipped, StageState.Skipped], world.Status.Stages.Select(stage => stage.State));

        world.Train();
        Assert.Empty(world.Settle().Actions);
        Assert.Equal(Reasons.DeadlineExceeded, world.Status.Reason);
    }

    [Fact]
    public void ARetryAfterADeadlineHasTheWholeTimeAgain()
    {
        var world = new World(Chain().With(spec => spec with { ActiveDeadlineSeconds = 60 }).Build());
        world.Settle();
        world.Now = A.Morning.AddSeconds(61);
        world.Settle();
        world.Train();
        world.Now = A.Morning.AddSeconds(1000);
        Set(world, spec => spec with { RetryToken = "1" });

        var plan = world.Settle();
        Assert.Equal((RunOutcome.Active, A.Morning.AddSeconds(1060)), (plan.Outcome, plan.RequeueAt));
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
    }

    [Fact]
    public void AFinishedRunIsDeletedWhenItsTimeToLiveIsOver()
    {
        var world = new World(Chain().With(spec => spec with { TtlSecondsAfterFinished = 100 }).Build());
        var plan = world.Finish();
        Assert.Equal(world.Status.CompletionTime!.Value.AddSeconds(100), plan.RequeueAt);

        world.Now = plan.RequeueAt!.Value;
        Assert.IsType<PlanAction.DeleteRun>(Assert.Single(world.Decide().Actions));
    }

    [Fact]
    public void StorageThatDoesNotAnswerIsWaitedForAndNothingIsJudgedMeanwhile()
    {
        var world = Started(Chain());
        world.End(world.Live!, ExitCodes.StorageUnavailable);
        world.Broken["storage"] = Lookup.Failed("StorageUnavailable", "The storage pvc://checkpoints/demo does not answer.", permanent: false);
        var plan = world.Settle();

        Assert.Equal((RunOutcome.Active, Reasons.WaitingForStorage, world.Now.AddSeconds(15)), (plan.Outcome, world.Status.Reason, plan.RequeueAt!.Value));
        Assert.Equal((ConditionStatus.False, "StorageUnavailable"), (Condition(world, ConditionTypes.StorageReady).Status, Condition(world, ConditionTypes.StorageReady).Reason));
        Assert.Equal(0, world.Status.Stages[0].Retries);

        world.Broken.Clear();
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal(1, world.Status.Stages[0].Retries);
        Assert.Equal(ConditionStatus.True, Condition(world, ConditionTypes.StorageReady).Status);
    }

    [Fact]
    public void AHealthyJobSurvivesALostStatusWhileStorageIsAway()
    {
        var world = Started(Chain());
        world.Run = world.Run with { Status = null };
        world.Broken["bundled://models/digits-base"] = Lookup.Failed("StorageUnavailable", "No answer.", permanent: false);
        world.Settle();

        Assert.False(world.Live!.Seen.Stopping);
        Assert.Equal(Reasons.Running, world.Status.Reason);
    }

    [Theory]
    [InlineData("bundled://models/digits-base", "NotFound", Reasons.InputNotFound)]
    [InlineData("generated://digits/sums", "NotFound", Reasons.InputNotFound)]
    [InlineData("generated://digits/residue", "NotFound", Reasons.InputNotFound)]
    [InlineData("generated://digits/sums", "NoValidSamples", Reasons.InputInvalid)]
    public void AnInputThatCannotBeHadFailsTheRunBeforeAnythingIsTrained(string uri, string reason, string expected)
    {
        var world = new World(Chain().Build()) { Broken = { [uri] = Lookup.Failed(reason, $"{uri} is no good.", permanent: true) } };
        Assert.Equal(RunOutcome.Failed, world.Settle().Outcome);
        Assert.Equal((expected, reason), (world.Status.Reason, world.Status.Stages[0].Reason));
        Assert.Equal($"Stage sums failed: {uri} is no good.", world.Status.Message);
        Assert.Empty(world.Created);

        world.Broken.Clear();
        Set(world, spec => spec with { RetryToken = "mended" });
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
    }

    [Fact]
    public void ARunThatCannotBeCarriedOutIsMarkedWithTheField()
    {
        var world = new World(Chain().With(spec => spec with { ActiveDeadlineSeconds = 0 }).Build());
        Assert.Equal(RunOutcome.Failed, world.Settle().Outcome);
        Assert.Equal((ConditionStatus.False, Reasons.InvalidSpec, "spec.activeDeadlineSeconds: 0 is too small; the smallest value is 1"), Of(world, ConditionTypes.Accepted));
        Assert.Null(world.Status.CompletionTime);

        Set(world, spec => spec with { ActiveDeadlineSeconds = null });
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal(ConditionStatus.True, Condition(world, ConditionTypes.Accepted).Status);
    }

    [Fact]
    public void WhatTheGathererRefusesIsRefused()
    {
        var world = new World(Chain().Build());
        var observation = world.Observe() with { Refusals = [new FieldError("spec.storage.uri", "file:// does not exist on a cluster")] };
        var plan = Planner.Decide(observation);
        Assert.Equal("The run cannot be carried out: spec.storage.uri: file:// does not exist on a cluster", plan.Status.Message);
    }

    [Fact]
    public void AnEditGoneWrongLeavesTheRunningJobAlone()
    {
        var world = Started(Chain());
        var before = world.Status.Stages;
        Set(world, spec => spec with { ActiveDeadlineSeconds = 0 });
        var plan = world.Settle();

        Assert.Equal(RunOutcome.Active, plan.Outcome);
        Assert.False(world.Live!.Seen.Stopping);
        Assert.Equal(before, world.Status.Stages);
        world.Train();
        Assert.Equal(RunOutcome.Failed, world.Settle().Outcome);
        Assert.Single(world.Created);
    }

    [Fact]
    public void AnImmutableFieldThatChangedIsRefusedByItsFingerprint()
    {
        var world = Started(Chain());
        world.Train();
        Set(world, spec => spec with { Seed = 9 });
        Assert.Equal(RunOutcome.Failed, world.Settle().Outcome);
        Assert.Equal(Reasons.ImmutableChanged, Of(world, ConditionTypes.Accepted).Reason);
        Assert.StartsWith("spec.seed: may not change", Of(world, ConditionTypes.Accepted).Message, StringComparison.Ordinal);

        Set(world, spec => spec with { Seed = 0 });
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
    }

    [Fact]
    public void AnotherRunReusesWhatIsEqualAndTrainsTheRest()
    {
        var first = new World(Chain().Build());
        first.Finish();
        var second = new World(A.Run("other").WithStage("sums", Method.SFT).WithStage("half", Method.SFT).Build()) { Now = A.Morning.AddHours(1) };
        foreach (var (hash, manifest) in first.Finals)
        {
            second.Finals[hash] = manifest;
        }

        foreach (var (hash, evaluation) in first.Evaluations)
        {
            second.Evaluations[hash] = evaluation;
        }

        Assert.Equal(RunOutcome.Succeeded, second.Finish().Outcome);
        Assert.Equal([(StageState.Reused, 0), (StageState.Succeeded, 1)], second.Status.Stages.Select(stage => (stage.State, stage.Attempts)));
        Assert.Equal("Taken over from run ml/demo, stage sums.", second.Status.Stages[0].Message);
        Assert.Equal(first.Status.Stages[0].CheckpointDigest, second.Status.Stages[0].CheckpointDigest);
        Assert.Equal("other-half-a1", Assert.Single(second.Created).JobName);
    }

    [Fact]
    public void ARunThatIsMadeAgainReusesWhatItsNamesakeTrained()
    {
        var first = new World(Chain().Build());
        first.Finish();
        var again = new World(Chain().WithMeta(meta => meta with { CreationTimestamp = A.Morning.AddDays(1) }).Build()) { Now = A.Morning.AddDays(1) };
        foreach (var (hash, manifest) in first.Finals)
        {
            again.Finals[hash] = manifest;
        }

        foreach (var (hash, evaluation) in first.Evaluations)
        {
            again.Evaluations[hash] = evaluation;
        }

        Assert.Equal(RunOutcome.Succeeded, again.Finish().Outcome);
        Assert.Empty(again.Created);
        Assert.All(again.Status.Stages, stage => Assert.Equal(StageState.Reused, stage.State));
        Assert.Equal(first.Status.AverageAccuracy, again.Status.AverageAccuracy);
    }

    [Fact]
    public void AJobInAQueueIsCreatedSuspendedAndShownAsQueued()
    {
        var world = new World(Chain().With(spec => spec with { Queue = new QueueReference { Name = "gpu" } }).Build());
        world.Settle();
        Assert.True(Assert.Single(world.Created).Queued);
        world.Live!.Seen = world.Live.Seen with { Phase = JobPhase.Queued };
        var plan = world.Settle();
        Assert.Equal((Reasons.Queued, null), (world.Status.Reason, plan.RequeueAt));
    }

    [Theory]
    [InlineData(JobPhase.Pending, Reasons.NotStarting)]
    [InlineData(JobPhase.Running, Reasons.NoProgress)]
    public void AJobThatDoesNotMoveIsCalledStalled(JobPhase phase, string reason)
    {
        var world = new World(Chain().Build());
        world.Settle();
        world.Live!.Seen = world.Live.Seen with { Phase = phase, Reasons = ["Unschedulable"], Message = "0/3 nodes have a GPU" };
        var plan = world.Settle();
        Assert.Equal(ConditionStatus.False, Condition(world, ConditionTypes.Stalled).Status);

        world.Now = plan.RequeueAt!.Value;
        world.Settle();
        Assert.Equal((ConditionStatus.True, reason), (Of(world, ConditionTypes.Stalled).Status, Of(world, ConditionTypes.Stalled).Reason));
        Assert.EndsWith("(Unschedulable, 0/3 nodes have a GPU).", Of(world, ConditionTypes.Stalled).Message, StringComparison.Ordinal);
        Assert.Empty(world.Decide().Actions);

        world.Live.Seen = world.Live.Seen with { Phase = JobPhase.Running, Progress = world.Live.Progress(TrainerPhase.Training, world.Now) with { Step = 1 } };
        world.Settle();
        Assert.Equal(ConditionStatus.False, Condition(world, ConditionTypes.Stalled).Status);
    }

    /// <summary>Hours may pass before step 1: the samples that its input model has answered are movement.</summary>
    [Fact]
    public void AStageThatSamplesItsInputModelIsNotStalledWhileItMoves()
    {
        var world = new World(Chain().Build());
        world.Settle();
        StageProgress Sampling(int done, int? kept = null) => world.Live!.Progress(TrainerPhase.Sampling, world.Now) with { Steps = 0, Sampled = done, ToSample = 640, Kept = kept };
        for (var done = 0; done <= 640; done += 64)
        {
            world.Live!.Seen = world.Live.Seen with { Phase = JobPhase.Running, Progress = Sampling(done) };
            world.Settle();
            Assert.Equal($"{done}/640", world.Status.Stages[0].Sampled);
            Assert.Equal(ConditionStatus.False, Condition(world, ConditionTypes.Stalled).Status);
            Assert.Contains("samples what its input model answers", world.Status.Message, StringComparison.Ordinal);
            world.Now += TimeSpan.FromMinutes(14);
        }

        world.Live!.Seen = world.Live.Seen with { Progress = Sampling(640, kept: 410) };
        world.Settle();
        Assert.Equal("410/640", world.Status.Stages[0].Kept);
        world.Now += TimeSpan.FromMinutes(15);
        world.Settle();
        Assert.Equal((ConditionStatus.True, Reasons.NoProgress), (Of(world, ConditionTypes.Stalled).Status, Of(world, ConditionTypes.Stalled).Reason));
    }

    [Fact]
    public void TwoLiveJobsAreNeverLeftAlone()
    {
        var world = Started(Chain());
        var second = world.Live!.Seen with { Name = "demo-sums-a0", Attempt = 0 };
        var observation = world.Observe() with { Jobs = [world.Live.Seen, second] };
        Assert.Equal("demo-sums-a0", Assert.Single(Planner.Decide(observation).Actions.OfType<PlanAction.DeleteJob>()).JobName);
    }

    [Fact]
    public void ADeletedRunEndsItsJobThenItsOwnArtifactsThenLetsGo()
    {
        var world = new World(Chain().With(spec => spec with { Storage = spec.Storage with { DeletionPolicy = DeletionPolicy.Delete } }).Build());
        Assert.IsType<PlanAction.AddFinalizer>(world.Decide().Actions[1]);
        Meta(world, meta => meta with { Finalizers = [Finalizers.Artifacts] });
        world.Settle();
        world.Advance(world.Live!);
        world.Settle();
        Meta(world, meta => meta with { DeletionTimestamp = world.Now });

        world.Settle();
        Assert.True(world.Live!.Seen.Stopping);
        Assert.DoesNotContain(world.Done, action => action is PlanAction.RemoveFinalizer);
        world.Train();

        var plan = world.Decide();
        Assert.Equal([world.Status.Stages[0].StageHash!], Assert.Single(plan.Actions.OfType<PlanAction.DeleteArtifacts>()).StageHashes);
        Assert.IsType<PlanAction.RemoveFinalizer>(plan.Actions[^1]);
    }

    [Fact]
    public void ARunThatKeepsItsArtifactsNeedsNoFinalizer()
    {
        var world = new World(Chain().Build());
        world.Finish();
        Assert.DoesNotContain(world.Done, action => action is PlanAction.AddFinalizer);
        Meta(world, meta => meta with { Finalizers = [Finalizers.Artifacts] });
        Assert.IsType<PlanAction.RemoveFinalizer>(Assert.Single(world.Decide().Actions));
    }

    [Fact]
    public void DecidingWithoutLookingUpWhatIsNeededIsABug()
    {
        var observation = new Observation { Run = Chain().Build(), Now = A.Morning };
        Assert.Contains(new Need.ModelDigest("bundled://models/digits-base"), Planner.Needs(observation));
        Assert.Throws<InvalidOperationException>(() => Planner.Decide(observation));
    }

    private static RunBuilder Chain() => A.Run("demo").WithStage("sums", Method.SFT).WithStage("half", Method.RFT).WithStage("residue", Method.RFT);

    private static World Started(RunBuilder run)
    {
        var world = new World(run.Build());
        world.Settle();
        world.Advance(world.Live!);
        world.Settle();
        return world;
    }

    private static void Set(World world, Func<ContinualRunSpec, ContinualRunSpec> change) => world.Run = world.Run with { Spec = change(world.Run.Spec) };

    private static void Meta(World world, Func<ObjectMeta, ObjectMeta> change) => world.Run = world.Run with { Metadata = change(world.Run.Metadata) };

    private static Condition Condition(World world, string type) => world.Status.Conditions.Single(condition => condition.Type == type);

    private static (string Status, string Reason, string Message) Of(World world, string type) =>
        (Condition(world, type).Status, Condition(world, type).Reason, Condition(world, type).Message);
}

using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>How attempts end, and what follows.</summary>
public sealed class AttemptTests
{
    /// <summary>A sentence, the exit code, what Kubernetes says, and what the end is taken for.</summary>
    public static TheoryData<string, int?, string[], AttemptEnd> Ends => new()
    {
        { "exit code 64 is permanent", 64, [], AttemptEnd.Permanent },
        { "exit code 65 is permanent", 65, [], AttemptEnd.Permanent },
        { "exit code 66 is permanent", 66, [], AttemptEnd.Permanent },
        { "bad data is permanent even if the node went away then", 65, ["DisruptionTarget"], AttemptEnd.Permanent },
        { "storage that did not answer is worth a retry", 69, [], AttemptEnd.Failed },
        { "a bug is worth a retry", 70, [], AttemptEnd.Failed },
        { "a trainer that saved on SIGTERM was preempted", 75, [], AttemptEnd.Preempted },
        { "SIGKILL without a reason is a failure", 137, [], AttemptEnd.Failed },
        { "out of memory is a failure", 137, ["OOMKilled"], AttemptEnd.Failed },
        { "SIGKILL by a disruption is a preemption", 137, ["DisruptionTarget"], AttemptEnd.Preempted },
        { "an eviction is a preemption", null, ["Evicted"], AttemptEnd.Preempted },
        { "a scheduler's preemption", 143, ["PreemptionByScheduler"], AttemptEnd.Preempted },
        { "a node that shuts down", null, ["Shutdown"], AttemptEnd.Preempted },
        { "a node that is lost", null, ["NodeLost"], AttemptEnd.Preempted },
        { "a container that a crashed node forgot, says the kubelet", 137, ["ContainerStatusUnknown"], AttemptEnd.Preempted },
        { "a container that a crashed node forgot, says containerd", 255, ["Unknown"], AttemptEnd.Preempted },
        { "a local runner that was killed", null, [AttemptEnds.RunnerGone], AttemptEnd.Preempted },
        { "nothing known at all is a failure", null, [], AttemptEnd.Failed },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void TheEndOfAnAttemptIsToldFromItsExitCodeAndReasons(string sentence, int? exitCode, string[] reasons, AttemptEnd end)
    {
        Assert.NotEmpty(sentence);
        Assert.Equal(end, AttemptEnds.Of(new ObservedJob { Name = "j", Stage = "s", Attempt = 1, StageHash = "h", Phase = JobPhase.Failed, ExitCode = exitCode, Reasons = reasons }));
    }

    [Fact]
    public void APreemptionIsFollowedAtOnceFromTheLastCheckpointAndCostsNoRetry()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT).WithRetries(0));
        for (var preemption = 1; preemption <= 5; preemption++)
        {
            world.End(world.Live!, null, "DisruptionTarget");
            world.Settle();
            Assert.Equal((preemption + 1, 0, preemption), Counts(world));
            Assert.Null(world.Status.NextRetryTime);
        }

        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal(5, world.Status.Preemptions);
    }

    [Fact]
    public void AStageThatRanOutOfMemorySaysWhatWouldHelp()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT).WithRetries(5));
        world.End(world.Live!, 137, "OOMKilled");
        world.Settle();
        Assert.Equal(("OOMKilled", 137), (world.Status.Stages[0].Reason, world.Status.Stages[0].LastExitCode));
        Assert.Contains("Memory ran out and the kernel ended the trainer (exit code 137). Raise template.resources.limits.memory", world.Status.Stages[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFailureIsFollowedAfterABackoffThatDoubles()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT).WithRetries(5, initialSeconds: 10, maxSeconds: 60));
        List<double> waits = [];
        for (var failure = 0; failure < 5; failure++)
        {
            world.End(world.Live!, ExitCodes.Internal);
            var plan = world.Settle();
            Assert.Null(world.Live);
            Assert.Equal((Reasons.WaitingForRetry, StageState.Waiting), (world.Status.Reason, world.Status.Stages[0].State));
            Assert.Equal(world.Status.NextRetryTime, plan.RequeueAt);
            waits.Add((plan.RequeueAt!.Value - world.Now).TotalSeconds);

            world.Now = plan.RequeueAt.Value.AddMilliseconds(-1);
            world.Settle();
            Assert.Null(world.Live);

            world.Now = plan.RequeueAt.Value;
            world.Settle();
            Assert.NotNull(world.Live);
            Assert.Null(world.Status.NextRetryTime);
        }

        Assert.Equal([10, 20, 40, 60, 60], waits);
        Assert.Equal((6, 5, 0), Counts(world));
    }

    [Fact]
    public void RetriesWithoutProgressAreBounded()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT).WithStage("half", Method.RFT).WithRetries(2));
        Fail(world, 3);

        Assert.Equal((3, 2, 0), Counts(world));
        Assert.Equal(Reasons.RetriesExhausted, world.Status.Reason);
        Assert.Equal([StageState.Failed, StageState.Skipped], world.Status.Stages.Select(stage => stage.State));
        Assert.StartsWith("Stage sums failed: Failed 3 times in a row without a newer checkpoint (spec.retry.maxRetries is 2).", world.Status.Message, StringComparison.Ordinal);
        Assert.Equal(ConditionStatus.False, Condition(world, ConditionTypes.Succeeded).Status);
        Assert.Equal((ConditionStatus.True, Reasons.NeedsAttention), (Condition(world, ConditionTypes.Stalled).Status, Condition(world, ConditionTypes.Stalled).Reason));
        Assert.Empty(world.Decide().Actions);
    }

    [Fact]
    public void ANewerCheckpointGivesTheRetriesBack()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT).WithRetries(1));
        foreach (var committed in (int[])[2, 4])
        {
            while (world.Live!.Step < committed)
            {
                world.Advance(world.Live);
            }

            Fail(world, 1);
            Assert.Equal((1, committed), (world.Status.Stages[0].FailuresInARow, world.Status.Stages[0].CheckpointStep));
        }

        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal((3, 2, 0), Counts(world));
    }

    [Fact]
    public void ACheckpointOfAnEarlierAttemptIsNoProgressOfALaterOne()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT).WithRetries(1));
        while (world.Live!.Step < World.CommitEvery)
        {
            world.Advance(world.Live);
        }

        Fail(world, 2);
        Assert.Equal((Reasons.RetriesExhausted, 2), (world.Status.Reason, world.Status.Stages[0].FailuresInARow));
    }

    [Fact]
    public void BadDataFailsTheStageAtOnceWithWhatTheTrainerSaid()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT).WithStage("half", Method.RFT));
        var job = world.Live!;
        world.End(job, ExitCodes.BadData);
        job.Seen = job.Seen with { Result = Result(job, ExitCodes.BadData, "NonFiniteLoss", "The loss of step 3 is NaN.") };
        world.Settle();

        Assert.Equal(Reasons.StageFailed, world.Status.Reason);
        var stage = world.Status.Stages[0];
        Assert.Equal((StageState.Failed, 1, 0, 65, "NonFiniteLoss"), (stage.State, stage.Attempts, stage.Retries, stage.LastExitCode, stage.Reason));
        Assert.Equal("Stage sums failed: The loss of step 3 is NaN (exit code 65).", world.Status.Message);
    }

    [Fact]
    public void ARetryTokenStartsTheFailedStageAgainWithTheNextNumber()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT).WithStage("half", Method.RFT).WithRetries(0));
        Fail(world, 1);
        Assert.Equal(Reasons.RetriesExhausted, world.Status.Reason);

        world.Run = world.Run with { Spec = world.Run.Spec with { RetryToken = "1" } };
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal(["demo-sums-a1", "demo-sums-a2", "demo-half-a1"], world.Created.Select(made => made.JobName));
        Assert.Equal("1", world.Status.LastRetryToken);
    }

    [Fact]
    public void FailuresFromBeforeARetryTokenDoNotComeBackWithARebuiltStatus()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT).WithRetries(0));
        Fail(world, 1);
        world.Run = world.Run with { Spec = world.Run.Spec with { RetryToken = "1" } };
        world.Settle();
        world.Run = world.Run with { Status = null };

        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal(2, world.Created.Count);
    }

    [Fact]
    public void SuccessWithoutACommitIsAFailure()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT));
        world.End(world.Live!, ExitCodes.Done);
        world.Settle();

        Assert.Equal((Reasons.WaitingForRetry, "NothingCommitted"), (world.Status.Reason, world.Status.Stages[0].Reason));
    }

    [Fact]
    public void ACommittedStageThatLacksScoresIsOnlyEvaluated()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT));
        while (world.Finals.Count == 0)
        {
            world.Advance(world.Live!);
        }

        world.End(world.Live!, null, "NodeLost");
        world.Settle();

        Assert.True(world.Created[1].EvaluateOnly);
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.Equal((StageState.Succeeded, 2), (world.Status.Stages[0].State, world.Status.Stages[0].Attempts));
    }

    [Fact]
    public void AStageThatCommittedEverythingIsFinishedWhateverBecameOfItsProcess()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT));
        while (world.Live is { } job)
        {
            world.Advance(job);
        }

        world.End(world.Jobs["demo-sums-a1"], 137, "OOMKilled");
        world.Settle();

        Assert.Equal((StageState.Succeeded, 1, 0), (world.Status.Stages[0].State, world.Status.Stages[0].Attempts, world.Status.Stages[0].Retries));
    }

    [Fact]
    public void AManifestWithFewerStepsThanDueIsNotBelieved()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT));
        while (world.Live is { } job)
        {
            world.Advance(job);
        }

        var hash = world.Created[0].Spec.StageHash;
        world.Finals[hash] = world.Finals[hash] with { Step = 5 };
        world.Settle();
        Assert.Equal((Reasons.InputInvalid, "CheckpointIncomplete"), (world.Status.Reason, world.Status.Stages[0].Reason));

        world.Finals[hash] = world.Finals[hash] with { StoppedEarly = true };
        world.Run = world.Run with { Spec = world.Run.Spec with { RetryToken = "1" } };
        Assert.Equal(RunOutcome.Succeeded, world.Settle().Outcome);
    }

    [Fact]
    public void AJobThatSomebodyDeletedIsFollowedByTheNextNumber()
    {
        var world = Started(A.Run("demo").WithStage("sums", Method.SFT));
        world.Remove("demo-sums-a1");
        world.Settle();

        Assert.Equal("demo-sums-a2", world.Live!.Made.JobName);
        Assert.Equal((2, 0, 1), Counts(world));
    }

    [Fact]
    public void ANumberThatWasWrittenAndNotUsedIsUsedNow()
    {
        var world = new World(A.Run("demo").WithStage("sums", Method.SFT).Build());
        world.Do(world.Decide().Actions[0]);
        Assert.Equal((1, null), (world.Status.Stages[0].Attempts, world.Status.Stages[0].Job));

        var plan = world.Decide();
        Assert.Equal("demo-sums-a1", Assert.IsType<PlanAction.CreateJob>(Assert.Single(plan.Actions)).JobName);
    }

    [Fact]
    public void AJobOfAnEarlierRunOfThisNameKeepsItsNumber()
    {
        var world = new World(A.Run("demo").WithStage("sums", Method.SFT).Build());
        var foreign = new ObservedJob { Name = "demo-sums-a3", Stage = "sums", Attempt = 3, StageHash = "old", Phase = JobPhase.Running, Owned = false };
        var observation = world.Observe() with { Jobs = [foreign] };

        var create = Assert.Single(Planner.Decide(observation).Actions.OfType<PlanAction.CreateJob>());
        Assert.Equal("demo-sums-a4", create.JobName);
    }

    private static World Started(RunBuilder run)
    {
        var world = new World(run.Build());
        world.Settle();
        world.Advance(world.Live!);
        world.Settle();
        return world;
    }

    /// <summary>Ends the live attempt, and waits for the next one where there is one.</summary>
    private static void Fail(World world, int times)
    {
        for (var time = 0; time < times; time++)
        {
            world.End(world.Live!, ExitCodes.Internal);
            var plan = world.Settle();
            if (plan.Outcome == RunOutcome.Active)
            {
                world.Now = plan.RequeueAt!.Value;
                world.Settle();
            }
        }
    }

    private static StageResult Result(SimulatedJob job, int code, string reason, string message) => new()
    {
        Stage = job.Made.Spec.Stage, Attempt = job.Made.Spec.Attempt, StageHash = job.Made.Spec.StageHash, ExitCode = code, Reason = reason, Message = message,
    };

    private static (int Attempts, int Retries, int Preemptions) Counts(World world) =>
        (world.Status.Stages[0].Attempts, world.Status.Stages[0].Retries, world.Status.Stages[0].Preemptions);

    private static Condition Condition(World world, string type) => world.Status.Conditions.Single(condition => condition.Type == type);
}

using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>
/// The rules of the chain under random misfortune: the planner's process dies between any two of its actions, statuses get lost, pods are preempted, fail, vanish.
/// <see cref="World"/> itself asserts at every creation that no other Job lives, that no name is used twice, and that nothing committed is trained again.
/// </summary>
public sealed class FaultTests
{
    public static TheoryData<int> Batches => [.. Enumerable.Range(0, 8)];

    [Theory]
    [MemberData(nameof(Batches))]
    public void WhateverHappensTheRunEndsAsIfNothingHadHappened(int batch)
    {
        var undisturbed = new World(Chain());
        undisturbed.Finish();
        for (var seed = batch * 15; seed < (batch + 1) * 15; seed++)
        {
            var world = new World(Chain());
            Drive(world, new Random(seed), trainerFaults: true);

            Assert.Equal(Results(undisturbed.Status), Results(world.Status));
            Assert.All(world.Created.GroupBy(made => made.JobName, StringComparer.Ordinal), group => Assert.Single(group));
        }
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public void WhenOnlyThePlannerDiesEveryStageHasOneAttempt(int batch)
    {
        for (var seed = batch * 15; seed < (batch + 1) * 15; seed++)
        {
            var world = new World(Chain());
            Drive(world, new Random(seed), trainerFaults: false);

            Assert.Equal(["sums-a1", "parity-a1", "half-a1"], world.Created.Select(made => made.JobName["demo-".Length..]));
            Assert.All(world.Status.Stages, stage => Assert.Equal((1, 0, 0), (stage.Attempts, stage.Retries, stage.Preemptions)));
        }
    }

    [Fact]
    public void AStatusLostAtAnyMomentComesBackTheSame()
    {
        // One preemption and one failure on the way, then the status is deleted after each step of the history in turn.
        for (var lost = 0; lost < 60; lost++)
        {
            var world = History(loseStatusAt: lost);
            var kept = History(loseStatusAt: -1);

            Assert.Equal(Counts(kept.Status), Counts(world.Status));
            Assert.Equal(Results(kept.Status), Results(world.Status));
            Assert.Equal(kept.Created.Select(made => made.JobName), world.Created.Select(made => made.JobName));
        }
    }

    private static ContinualRun Chain() => A.Run("demo")
        .WithStage("sums", Method.SFT).WithStage("parity", Method.RFT).WithStage("half", Method.RFT)
        .WithBenchmark("copy").WithRetries(2).Build();

    private static World History(int loseStatusAt)
    {
        var world = new World(Chain());
        for (var round = 0; round < 400; round++)
        {
            if (round == loseStatusAt)
            {
                world.Run = world.Run with { Status = null };
            }

            var plan = world.Settle();
            if (plan.Outcome == RunOutcome.Succeeded)
            {
                return world;
            }

            if (world.Live is not { } job)
            {
                world.Now = plan.RequeueAt!.Value;
            }
            else if (job.Made.JobName == "demo-sums-a1" && job.Step == 3)
            {
                world.End(job, null, "DisruptionTarget");
            }
            else if (job.Made.JobName == "demo-parity-a1" && job.Step == 1)
            {
                world.End(job, ExitCodes.Internal);
            }
            else
            {
                world.Advance(job);
            }
        }

        throw new InvalidOperationException("The run does not end.");
    }

    private static void Drive(World world, Random random, bool trainerFaults)
    {
        const int calm = 600;
        for (var round = 0; round < 3000; round++)
        {
            var wild = round < calm;
            if (wild && random.Next(40) == 0)
            {
                world.Run = world.Run with { Status = null };
            }

            var plan = Reconcile(world, wild ? random : null);
            Assert.True(world.Jobs.Values.Count(job => job.Seen.Live) <= 1);
            if (plan?.Outcome == RunOutcome.Succeeded)
            {
                return;
            }

            if (plan?.Outcome == RunOutcome.Failed)
            {
                Assert.True(trainerFaults, plan.Status.Message);
                Assert.Equal(Reasons.RetriesExhausted, plan.Status.Reason);
                world.Run = world.Run with { Spec = world.Run.Spec with { RetryToken = $"t{round}" } };
            }

            if (wild && random.Next(50) == 0)
            {
                world.Run = world.Run with { Spec = world.Run.Spec with { Suspend = trainerFaults && world.Run.Spec.Suspend != true } };
            }
            else if (!wild)
            {
                world.Run = world.Run with { Spec = world.Run.Spec with { Suspend = false } };
            }

            world.Now = world.Now.AddSeconds(random.Next(200));
            if (world.Live is { } job)
            {
                Misfortune(world, job, wild && trainerFaults ? random : null);
            }
        }

        Assert.Fail($"The run does not end: {world.Status.Message}");
    }

    /// <summary>Carries out a plan, or only its first actions, as a process that is killed would.</summary>
    private static Plan? Reconcile(World world, Random? random)
    {
        var plan = world.Decide();
        foreach (var action in plan.Actions)
        {
            if (random?.Next(6) == 0)
            {
                return null;
            }

            world.Do(action);
        }

        return plan;
    }

    private static void Misfortune(World world, SimulatedJob job, Random? random)
    {
        switch (random?.Next(30))
        {
            case 0:
                world.End(job, ExitCodes.Internal);
                break;
            case 1:
                world.End(job, null, "DisruptionTarget");
                break;
            case 2:
                world.End(job, 137, "OOMKilled");
                break;
            case 3:
                world.End(job, ExitCodes.Done);
                break;
            case 4 when !job.Seen.Stopping:
                job.Seen = job.Seen with { Stopping = true };
                break;
            default:
                world.Advance(job);
                break;
        }
    }

    private static object Results(ContinualRunStatus status) => new
    {
        Conditions = string.Join(';', status.Conditions.Select(condition => $"{condition.Type}={condition.Status}/{condition.Reason}")),
        status.Message,
        status.StagesDone,
        Stages = string.Join(';', status.Stages.Select(stage => $"{stage.Name}:{stage.State}:{stage.CheckpointDigest}:{stage.StageHash}:{stage.Progress}")),
        status.AverageAccuracy,
        status.Forgetting,
        status.ForgettingFromPeak,
        Matrix = string.Join(';', status.Matrix!.Rows.Select(row => $"{row.After}:{string.Join(',', row.Tasks)}|{string.Join(',', row.Benchmarks)}")),
    };

    private static string Counts(ContinualRunStatus status) =>
        string.Join(';', status.Stages.Select(stage => $"{stage.Name}:{stage.State}:{stage.Attempts}:{stage.Retries}:{stage.Preemptions}:{stage.LastExitCode}"));
}

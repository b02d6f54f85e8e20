using Cpt.Api;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.StandIn;

namespace Cpt.Operator.Tests.Cluster;

[Trait("Category", "Cluster")]
public sealed class AttemptTests(Clusters clusters)
{
    private static readonly RetrySettings s_soon = new() { MaxRetries = 1, Backoff = new BackoffSettings { InitialSeconds = 0, MaxSeconds = 1 } };

    [Theory]
    [InlineData("Evicted")]
    [InlineData("Disrupted")]
    [InlineData("Preempted")]
    [InlineData("NodeLost")]
    [InlineData("Stopped")]
    public async Task APreemptionGoesOnAtOnceAndCostsNoRetry(string how)
    {
        Ending ending = how switch
        {
            "Evicted" => new Ending.Evicted(),
            "Disrupted" => new Ending.Disrupted(),
            "Preempted" => new Ending.Preempted(),
            "NodeLost" => new Ending.NodeLost(),
            _ => new Ending.Exits(ExitCodes.Stopped, "Stopped"),
        };
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Ending = ending, CommitEvery = 1 }));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")], Retry = new RetrySettings { MaxRetries = 0 } }));

        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal((2, 0, 1), (status.Stages[0].Attempts, status.Stages[0].Retries, status.Stages[0].Preemptions));
        Assert.Equal(["demo-parity-a1", "demo-parity-a2"], await world.JobNamesAsync());
    }

    [Fact]
    public async Task AFailureIsTriedAgainAfterItsBackoffWhichTheStatusNames()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Exits(ExitCodes.Internal, "Bug", "it broke") }));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")], Retry = new RetrySettings { Backoff = new BackoffSettings { InitialSeconds = 3 } } }));

        var waiting = await world.WaitForAsync(Reasons.WaitingForRetry);
        var failed = Assert.Single(await world.JobsAsync());
        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.NotNull(waiting.NextRetryTime);
        Assert.Equal(("Bug", 70), (waiting.Stages[0].Reason, waiting.Stages[0].LastExitCode));
        Assert.Equal((2, 1, 0), (status.Stages[0].Attempts, status.Stages[0].Retries, status.Stages[0].Preemptions));
        Assert.Null(status.NextRetryTime);
        var second = (await world.JobsAsync()).Single(job => job.Metadata.Name == "demo-parity-a2");
        Assert.InRange(second.Metadata.CreationTimestamp!.Value, waiting.NextRetryTime!.Value, waiting.NextRetryTime.Value.AddSeconds(30));
        Assert.Equal("demo-parity-a1", failed.Metadata.Name);
    }

    [Fact]
    public async Task AStageThatKeepsFailingIsGivenUpAndARetryTokenBringsItBack()
    {
        var broken = new AttemptScript { Ending = new Ending.Exits(ExitCodes.Internal, "Bug", "it broke") };
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, broken).On("parity", 2, broken));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Retry = s_soon }));

        var failed = await world.WaitForAsync(Reasons.RetriesExhausted);
        Assert.Equal((StageState.Failed, StageState.Skipped), (failed.Stages[0].State, failed.Stages[1].State));
        Assert.NotNull(failed.CompletionTime);

        await world.PatchAsync("""{"spec":{"retryToken":"mended"}}""");
        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal("mended", status.LastRetryToken);
        Assert.Equal(3, status.Stages[0].Attempts);
        Assert.Equal(["demo-half-a1", "demo-parity-a1", "demo-parity-a2", "demo-parity-a3"], await world.JobNamesAsync());
    }

    [Theory]
    [InlineData(ExitCodes.BadSpec)]
    [InlineData(ExitCodes.BadData)]
    [InlineData(ExitCodes.InputNotFound)]
    public async Task WhatANewAttemptCannotCureFailsTheStageAtOnce(int exitCode)
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Exits(exitCode, "NonFiniteLoss", "loss is NaN at step 7") }));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run());

        var status = await world.WaitForAsync(Reasons.StageFailed);

        Assert.Equal(("NonFiniteLoss", exitCode, 1), (status.Stages[0].Reason, status.Stages[0].LastExitCode, status.Stages[0].Attempts));
        Assert.Contains("loss is NaN at step 7", status.Message, StringComparison.Ordinal);
        Assert.Single(await world.JobsAsync());
    }

    [Fact]
    public async Task AnAttemptGoesOnFromTheLastCommittedStep()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Evicted(), Steps = 8, CommitEvery = 2, EndsAfterStep = 5 }));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")] }));

        await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Contains(await world.EventsAsync(), told => told.Reason == "StageStarted" && told.Note!.Contains("goes on from step 4 of 8", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ASuccessThatCommittedNothingIsNoSuccess()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Exits(ExitCodes.Done, "Completed") }));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")], Retry = s_soon }));

        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal((2, 1), (status.Stages[0].Attempts, status.Stages[0].Retries));
    }

    [Fact]
    public async Task AJobThatSomebodyDeletesIsFollowedByTheNextAttempt()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Never() }));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")] }));
        await world.WaitForAsync(Reasons.Running);

        await world.Client.DeleteAsync<Job>("demo-parity-a1", world.Namespace, new DeleteOptions { PropagationPolicy = PropagationPolicy.Background });
        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal((2, 0, 1), (status.Stages[0].Attempts, status.Stages[0].Retries, status.Stages[0].Preemptions));
    }

    [Fact]
    public async Task ANumberThatASomebodyElsesJobHasIsNotUsed()
    {
        await using var world = await clusters.OpenAsync();
        var other = A.JobOf(A.Run());
        other.Metadata.Namespace = world.Namespace;
        other.Metadata.OwnerReferences = null;
        other.Spec.Parallelism = 0;
        await world.Client.CreateAsync(other);
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")] }));

        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal((2, 0, 0), (status.Stages[0].Attempts, status.Stages[0].Retries, status.Stages[0].Preemptions));
    }
}

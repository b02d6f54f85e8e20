using Cpt.Api;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Runs;
using Cpt.StandIn;

namespace Cpt.Operator.Tests.Cluster;

[Trait("Category", "Cluster")]
public sealed class ChainTests(Clusters clusters)
{
    [Fact]
    public async Task AnAppliedRunTrainsOneStageAfterAnotherAndSucceeds()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run());

        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal("2/2", status.StagesDone);
        Assert.Equal(["demo-half-a1", "demo-parity-a1"], await world.JobNamesAsync());
        Assert.All(status.Stages, stage => Assert.Equal((StageState.Succeeded, 1, 0, 0), (stage.State, stage.Attempts, stage.Retries, stage.Preemptions)));
        Assert.Equal(["", "parity", "half"], status.Matrix!.Rows.Select(row => row.After));
        Assert.Equal(("87.50", "-25.00"), (status.AverageAccuracy, status.Forgetting));
        Assert.Equal(status.Stages[1].CheckpointDigest, status.Checkpoint);
        Assert.Equal(ConditionStatus.True, status.Conditions.Single(condition => condition.Type == ConditionTypes.Succeeded).Status);
        Assert.Null(status.CurrentStage);
    }

    [Fact]
    public async Task EachThingThatHappensIsToldOnce()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Evicted() }));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run());
        await world.WaitForAsync(Reasons.AllStagesFinished);

        await Eventually.ThatAsync(async () => (await world.EventsAsync()).Any(told => told.Reason == "RunSucceeded"));
        var told = (await world.EventsAsync()).GroupBy(one => one.Reason!, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        Assert.Equal(
            new Dictionary<string, int>(StringComparer.Ordinal) { ["StageStarted"] = 3, ["StagePreempted"] = 1, ["StageFinished"] = 2, ["RunSucceeded"] = 1 },
            told);
        Assert.All(await world.EventsAsync(), one => Assert.Equal("cpt-operator", one.ReportingController));
    }

    [Fact]
    public async Task AStageThatWasTrainedBeforeIsReused()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run());
        var first = await world.WaitForAsync(Reasons.AllStagesFinished);

        await world.CreateAsync(world.Run(name: "again"));
        var status = await world.WaitForAsync(Reasons.AllStagesFinished, "again");

        Assert.All(status.Stages, stage => Assert.Equal((StageState.Reused, 0), (stage.State, stage.Attempts)));
        Assert.Equal(first.Checkpoint, status.Checkpoint);
        Assert.DoesNotContain(await world.JobNamesAsync(), name => name.StartsWith("again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AStageAddedToAFinishedRunIsTrainedAndTheOthersAreNot()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")] }));
        await world.WaitForAsync(Reasons.AllStagesFinished);

        await world.PatchAsync("""{"spec":{"stages":[{"name":"parity","method":"SFT","task":{"uri":"generated://digits/parity"}},{"name":"copy","method":"RFT","task":{"uri":"generated://digits/copy"}}]}}""");
        var status = await world.WaitForAsync(now => now.StagesDone == "2/2");

        Assert.Equal(["demo-copy-a1", "demo-parity-a1"], await world.JobNamesAsync());
        Assert.Equal(ConditionStatus.True, status.Conditions.Single(condition => condition.Type == ConditionTypes.Succeeded).Status);
    }

    [Fact]
    public async Task AStatusThatWasDeletedComesBackWithoutANewJob()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run());
        var before = await world.WaitForAsync(Reasons.AllStagesFinished);

        await world.Client.PatchStatusAsync<RunObject>("demo", world.Namespace, Patch.Set("status", null));
        var after = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal(before.Matrix!.Rows.Select(row => string.Join(' ', row.Tasks)), after.Matrix!.Rows.Select(row => string.Join(' ', row.Tasks)));
        Assert.Equal(before.Stages.Select(stage => (stage.Name, stage.State, stage.StageHash, stage.CheckpointDigest, stage.Attempts)), after.Stages.Select(stage => (stage.Name, stage.State, stage.StageHash, stage.CheckpointDigest, stage.Attempts)));
        Assert.Equal(2, (await world.JobsAsync()).Count);
    }

    [Fact]
    public async Task ARestartInTheMiddleTouchesNoLiveJob()
    {
        var gate = new TaskCompletionSource();
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Until = cancellation => gate.Task.WaitAsync(cancellation) }));
        var first = await world.StartOperatorAsync();
        await world.CreateAsync(world.Run());
        await world.WaitForAsync(Reasons.Running);
        var before = Assert.Single(await world.JobsAsync());

        await world.StopAsync(first);
        await world.StartOperatorAsync();
        gate.SetResult();
        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        var after = (await world.JobsAsync()).Single(job => job.Metadata.Name == before.Metadata.Name);
        Assert.Equal((before.Metadata.Uid, before.Metadata.Generation, 1), (after.Metadata.Uid, after.Metadata.Generation, status.Stages[0].Attempts));
    }

    [Fact]
    public async Task ProgressOfARunningTrainerIsShown()
    {
        var gate = new TaskCompletionSource();
        var script = new AttemptScript { Steps = 8, CommitEvery = 2, Until = cancellation => gate.Task.WaitAsync(cancellation) };
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, script));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")] }));

        var status = await world.WaitForAsync(now => now.Progress is not null);

        Assert.EndsWith("/8", status.Progress, StringComparison.Ordinal);
        gate.SetResult();
        Assert.Equal("8/8", (await world.WaitForAsync(Reasons.AllStagesFinished)).Stages[0].Progress);
    }

    [Fact]
    public async Task WithARealJobControllerARunGoesTheSameWay()
    {
        await using var world = await clusters.OpenAsync(
            new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Evicted(), CommitEvery = 1 }).On("half", 1, new AttemptScript { Ending = new Ending.Exits(ExitCodes.Internal, "Bug") }),
            controllers: true);
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Retry = new RetrySettings { Backoff = new BackoffSettings { InitialSeconds = 1 } } }));

        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal((2, 0, 1), (status.Stages[0].Attempts, status.Stages[0].Retries, status.Stages[0].Preemptions));
        Assert.Equal((2, 1, 0), (status.Stages[1].Attempts, status.Stages[1].Retries, status.Stages[1].Preemptions));
        Assert.Equal(4, (await world.JobsAsync()).Count);
    }

    [Fact]
    public async Task SuspendingUnderARealJobControllerLeavesNoJobBehind()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Never() }), controllers: true);
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")] }));
        await world.WaitForAsync(Reasons.Running);

        await world.PatchAsync("""{"spec":{"suspend":true}}""");
        await world.WaitForAsync(Reasons.Suspended);
        // The attempt has ended; the garbage collector takes its Job away in its own time.
        await Eventually.ThatAsync(async () => (await world.JobsAsync()).Count == 0);

        await world.PatchAsync("""{"spec":{"suspend":false}}""");
        var status = await world.WaitForAsync(Reasons.AllStagesFinished);
        Assert.Equal((2, 0, 0), (status.Stages[0].Attempts, status.Stages[0].Retries, status.Stages[0].Preemptions));
    }

    [Fact]
    public async Task KubectlShowsTheRunInItsColumns()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run());
        await world.WaitForAsync(Reasons.AllStagesFinished);

        var lines = (await world.Kubectl.OutputAsync(["-n", world.Namespace, "get", "crun"])).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["NAME", "SUCCEEDED", "REASON", "STAGE", "DONE", "PROGRESS", "AVGACC", "FM", "AGE"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["demo", "True", "AllStagesFinished", "2/2", "87.50", "-25.00"], lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[..^1]);
        await world.Kubectl.OutputAsync(["-n", world.Namespace, "wait", "--for=condition=Succeeded", "crun/demo", "--timeout=10s"]);
    }
}

using Cpt.Api;
using Cpt.Runs;
using Cpt.StandIn;

namespace Cpt.Operator.Tests.Cluster;

[Trait("Category", "Cluster")]
public sealed class HoldTests(Clusters clusters)
{
    private static readonly AttemptScript s_endless = new() { Ending = new Ending.Never(), Steps = 10, CommitEvery = 1, EndsAfterStep = 3 };

    [Fact]
    public async Task SuspendingSavesAndStopsAndResumingGoesOnWithTheNextAttempt()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, s_endless));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")] }));
        await world.WaitForAsync(Reasons.Running);

        await world.PatchAsync("""{"spec":{"suspend":true}}""");
        var suspended = await world.WaitForAsync(Reasons.Suspended);
        Assert.Empty(await world.JobsAsync());
        Assert.Equal(ConditionStatus.True, suspended.Conditions.Single(condition => condition.Type == ConditionTypes.Suspended).Status);
        Assert.Null(suspended.StartTime);

        await world.PatchAsync("""{"spec":{"suspend":false}}""");
        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal((2, 0, 0), (status.Stages[0].Attempts, status.Stages[0].Retries, status.Stages[0].Preemptions));
    }

    [Fact]
    public async Task ARunThatIsCreatedSuspendedStartsNothing()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Suspend = true }));

        await world.WaitForAsync(Reasons.Suspended);

        Assert.Empty(await world.JobsAsync());
    }

    [Fact]
    public async Task TheDeadlineEndsARunToTheSecond()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, s_endless));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { ActiveDeadlineSeconds = 3 }));

        var status = await world.WaitForAsync(Reasons.DeadlineExceeded);

        Assert.Equal(StageState.Failed, status.Stages[0].State);
        Assert.InRange(status.CompletionTime!.Value, status.StartTime!.Value.AddSeconds(3), status.StartTime.Value.AddSeconds(4));
        await Eventually.ThatAsync(async () => (await world.JobsAsync()).Count == 0);
    }

    [Fact]
    public async Task AFinishedRunIsDeletedWhenItsTimeIsOver()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")], TtlSecondsAfterFinished = 2 }));

        var status = await world.WaitForAsync(Reasons.AllStagesFinished);
        await Eventually.ThatAsync(async () => await world.Client.TryGetAsync<RunObject>("demo", world.Namespace) is null);

        Assert.True(TimeProvider.System.GetUtcNow() >= status.CompletionTime!.Value.AddSeconds(2));
        await Eventually.ThatAsync(async () => (await world.JobsAsync()).Count == 0);
        Assert.NotNull(await world.Store.ReadManifestAsync(status.Stages[0].StageHash!));
    }

    [Theory]
    [InlineData(GateAction.Stop, Reasons.GateFailed)]
    [InlineData(GateAction.Suspend, Reasons.GateHeld)]
    public async Task ABrokenGateKeepsTheNextStageFromStarting(GateAction action, string reason)
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(WithGate(world, action));

        var held = await world.WaitForAsync(reason);
        Assert.Equal("2/3", held.StagesDone);
        Assert.Contains("forgetting after half is 25.00", held.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await world.JobsAsync()).Count);

        await world.PatchAsync("""{"spec":{"retryToken":"let it pass"}}""");
        var status = await world.WaitForAsync(now => now.StagesDone == "3/3");
        Assert.Equal("half", status.GatesPassedAfter);
    }

    [Fact]
    public async Task AGateThatOnlyTellsIsToldOnce()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(WithGate(world, GateAction.Continue));

        await world.WaitForAsync(Reasons.AllStagesFinished);

        await Eventually.ThatAsync(async () => (await world.EventsAsync()).Any(told => told.Reason == "GateIgnored"));
        Assert.Single(await world.EventsAsync(), told => told.Reason == "GateIgnored");
    }

    [Fact]
    public async Task AnEditOfARunningStageEndsItsAttemptAndStartsAnother()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, s_endless));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")] }));
        await world.WaitForAsync(Reasons.Running);

        await world.PatchAsync("""{"spec":{"stages":[{"name":"parity","method":"SFT","task":{"uri":"generated://digits/parity"},"parameters":{"learningRate":"1e-4"}}]}}""");
        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal((2, 0, 0), (status.Stages[0].Attempts, status.Stages[0].Retries, status.Stages[0].Preemptions));
        Assert.Equal(["demo-parity-a2"], await world.JobNamesAsync());
    }

    [Fact]
    public async Task DeletingARunEndsItsJobFirstAndThenItsArtifacts()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("half", 1, s_endless));
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Storage = spec.Storage with { DeletionPolicy = DeletionPolicy.Delete } }));
        var status = await world.WaitForAsync(now => now.CurrentStage == "half" && now.Reason == Reasons.Running);
        Assert.Contains(Finalizers.Artifacts, (await world.GetAsync()).Metadata.Finalizers!);
        Assert.NotNull(await world.Store.ReadManifestAsync(status.Stages[0].StageHash!));

        await world.Client.DeleteAsync<RunObject>("demo", world.Namespace);
        await Eventually.ThatAsync(async () => await world.Client.TryGetAsync<RunObject>("demo", world.Namespace) is null);

        Assert.Null(await world.Store.ReadManifestAsync(status.Stages[0].StageHash!));
        Assert.Empty(await world.Store.ListStepsAsync(status.Stages[1].StageHash!));
        Assert.DoesNotContain(await world.JobsAsync(), job => job.Metadata.Name == "demo-half-a1");
    }

    [Fact]
    public async Task ByDefaultArtifactsStayAndNothingHoldsARun()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")] }));
        var status = await world.WaitForAsync(Reasons.AllStagesFinished);
        Assert.Null((await world.GetAsync()).Metadata.Finalizers);

        await world.Client.DeleteAsync<RunObject>("demo", world.Namespace);
        await Eventually.ThatAsync(async () => await world.Client.TryGetAsync<RunObject>("demo", world.Namespace) is null);

        Assert.NotNull(await world.Store.ReadManifestAsync(status.Stages[0].StageHash!));
    }

    /// <summary>By the stand-in's default scores every earlier task loses 25 points.</summary>
    private static ContinualRun WithGate(ClusterWorld world, GateAction action) => world.Run(spec => spec with
    {
        Stages = [A.Stage("parity"), A.Stage("half"), A.Stage("copy")],
        Evaluation = new EvaluationSettings { Gates = [new Gate { Metric = GateMetric.Forgetting, Maximum = "5", OnFailure = action }] },
    });
}

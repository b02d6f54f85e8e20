using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers.Tests;

/// <summary>Two operators and a real lease.</summary>
[Trait("Category", "Cluster")]
public sealed class LeadershipTests(ApiServer server) : IAsyncLifetime
{
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task AStandbyIsWarmAndReadyAndDoesNothing()
    {
        var fleet = await server.CreateAsync(Fleet.Of(2, "a", _namespace));
        await using var leader = await StartAsync("one");
        await AfloatAsync(2);
        await using var standby = await StartAsync("two");
        Assert.Equal(200, (await standby.GetAsync("/readyz")).Code);
        Assert.Equal(2, standby.Cache<ConfigMap>().OwnedBy(fleet.Metadata.Uid!).Count);
        Assert.Contains("leader_election_master_status{name=\"test-operator\"} 0\n", (await standby.GetAsync("/metrics")).Body, StringComparison.Ordinal);
        await server.SetAsync(fleet, new() { ["ships"] = 4 });
        await AfloatAsync(4);
        Assert.Empty(standby.Wire.Writes);
    }

    [Fact]
    public async Task AStandbyTakesOverAtOnceFromALeaderThatStops()
    {
        // A lease of an hour: were it not given back, the test would not end.
        await using var leader = await StartAsync("one", election => (election.LeaseDuration, election.RenewDeadline) = (TimeSpan.FromHours(1), TimeSpan.FromMinutes(59)));
        await using var standby = await StartAsync("two", election => (election.LeaseDuration, election.RenewDeadline) = (TimeSpan.FromHours(1), TimeSpan.FromMinutes(59)));
        var fleet = await server.CreateAsync(Fleet.Of(2, "a", _namespace));
        await AfloatAsync(2);
        Assert.Equal(0, await leader.StopAsync());
        await server.SetAsync(fleet, new() { ["ships"] = 3 });
        await AfloatAsync(3);
        Assert.Equal("two", (await LeaseAsync()).Spec.HolderIdentity);
    }

    [Fact]
    public async Task ALeaderThatVanishesIsFollowedByTheStandby()
    {
        await using var leader = await StartAsync("one");
        await using var standby = await StartAsync("two");
        var fleet = await server.CreateAsync(Fleet.Of(2, "a", _namespace));
        await AfloatAsync(2);
        leader.Wire.Cut();
        Assert.Equal(OperatorOutcome.LeaseLost, await leader.Ended);
        await server.SetAsync(fleet, new() { ["ships"] = 3 });
        await AfloatAsync(3);
        Assert.Equal(("two", 1), ((await LeaseAsync()).Spec.HolderIdentity, (await LeaseAsync()).Spec.LeaseTransitions));
    }

    [Fact]
    public async Task ALeaderThatCannotRenewCannotWriteOnceAnotherLeads()
    {
        // The old leader's renewals are lost and its other calls are not: without a fence it would go on.
        await using var leader = await StartAsync("one");
        await using var standby = await StartAsync("two");
        await server.CreateAsync(Fleet.Of(2, "a", _namespace));
        await AfloatAsync(2);
        leader.Wire.Answer = request => request.RequestUri!.AbsolutePath.Contains("/leases/", StringComparison.Ordinal) ? Wire.Refusal(500, "InternalError") : null;
        await Eventually.ThatAsync(() => standby.Fence.IsOpen);
        Assert.False(leader.Fence.IsOpen);
        var before = leader.Wire.Writes.Count();
        await Assert.ThrowsAsync<WriteFencedException>(() => leader.Client.DeleteAsync<Fleet>("a", _namespace));
        await Assert.ThrowsAsync<WriteFencedException>(() => leader.Client.CreateAsync(Fleet.Of(1, "b", _namespace)));
        await Assert.ThrowsAsync<WriteFencedException>(() => leader.Client.PatchAsync<Fleet>("a", _namespace, Patch.Set("spec", null)));
        Assert.Equal(before, leader.Wire.Writes.Count());
        // What decides nothing passes.
        await leader.Client.CreateAsync(Fleet.Of(1, "b", _namespace), new() { DryRun = true });
        Assert.NotNull(await leader.Client.GetAsync<Fleet>("a", _namespace));
        Assert.Equal(OperatorOutcome.LeaseLost, await leader.Ended);
    }

    [Fact]
    public async Task WhatIsOnItsWayWhenTheLeaseIsLostIsBrokenOff()
    {
        var controller = new Scripted();
        var brokenOff = new TaskCompletionSource();
        controller.Reconcile = async (fleet, cancellation) =>
        {
            await using var told = cancellation.Register(brokenOff.SetResult);
            await Task.Delay(Timeout.Infinite, cancellation);
            return ReconciliationResult<Fleet>.Success(fleet);
        };
        await using var leader = await TestOperator.StartAsync(server, _namespace, builder =>
        {
            builder.Services.AddSingleton(controller);
            builder.AddController<Scripted, Fleet>();
        }, settings => settings.LeaderElection = TestOperator.QuickElection("one"));
        await server.CreateAsync(Fleet.Of(2, "a", _namespace));
        await Eventually.ThatAsync(() => controller.Seen.Count == 1);
        await server.Client.PatchAsync<Lease>("test-operator", _namespace, Patch.Set("spec", new System.Text.Json.Nodes.JsonObject { ["holderIdentity"] = "thief" }));
        await brokenOff.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(OperatorOutcome.LeaseLost, await leader.Ended);
        Assert.Equal("thief holds it", leader.Services.GetRequiredService<OperatorOutcome>().Reason);
    }

    [Fact]
    public async Task RunningReconcilesEndBeforeTheLeaseIsGivenBack()
    {
        var controller = new Scripted();
        var (go, holderAtTheEnd) = (new TaskCompletionSource(), "");
        await using var leader = await TestOperator.StartAsync(server, _namespace, builder =>
        {
            builder.Services.AddSingleton(controller);
            builder.AddController<Scripted, Fleet>(settings => settings.WithConcurrency(1));
        }, settings => settings.LeaderElection = TestOperator.QuickElection("one"));
        controller.Reconcile = async (fleet, cancellation) =>
        {
            await go.Task.WaitAsync(cancellation);
            await leader.Client.PatchAsync<Fleet>(fleet.Metadata.Name!, _namespace, Patch.Set("spec", new System.Text.Json.Nodes.JsonObject { ["note"] = "done" }), cancellation: cancellation);
            holderAtTheEnd = (await LeaseAsync()).Spec.HolderIdentity;
            return ReconciliationResult<Fleet>.Success(fleet);
        };
        await server.CreateAsync(Fleet.Of(2, "a", _namespace));
        await Eventually.ThatAsync(() => controller.Seen.Count == 1);
        await server.CreateAsync(Fleet.Of(2, "waiting", _namespace));
        await Eventually.ThatAsync(() => leader.Cache<Fleet>().Get(_namespace, "waiting") is not null);
        var stopping = leader.StopAsync();
        await Eventually.ThatAsync(() => !leader.Services.GetRequiredService<ControllerHost<Fleet>>().Works);
        Assert.False(stopping.IsCompleted);
        go.SetResult();
        Assert.Equal(0, await stopping);
        Assert.Equal("one", holderAtTheEnd);
        Assert.Equal("done", (await server.Client.GetAsync<Fleet>("a", _namespace)).Spec.Note);
        Assert.Equal("", (await LeaseAsync()).Spec.HolderIdentity);
        // What only waited was not begun.
        Assert.Equal(0, controller.CountOf("waiting"));
    }

    private async Task<Lease> LeaseAsync() => await server.Client.GetAsync<Lease>("test-operator", _namespace);

    private async Task AfloatAsync(int ships) => await Eventually.ThatAsync(async () => await server.AfloatAsync(_namespace) == ships);

    private Task<TestOperator> StartAsync(string identity, Action<LeaderElectionOptions>? election = null) => TestOperator.StartAsync(
        server,
        _namespace,
        builder => builder.AddController<FleetController, Fleet>(controller => controller.Owns<ConfigMap>(labelSelector: "ship")),
        settings =>
        {
            settings.LeaderElection = TestOperator.QuickElection(identity);
            election?.Invoke(settings.LeaderElection);
        });
}

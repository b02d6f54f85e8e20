using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers.Tests;

/// <summary>The sample operator on a real API server.</summary>
[Trait("Category", "Cluster")]
public sealed class SampleTests(ApiServer server) : IAsyncLifetime
{
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task AFleetGetsTheShipsItAsksForAndSaysSo()
    {
        await using var host = await StartAsync();
        var fleet = await server.CreateAsync(Fleet.Of(3, "north", _namespace));
        await AfloatAsync(fleet, 3);
        fleet = await server.SetAsync(fleet, new() { ["ships"] = 5 });
        await AfloatAsync(fleet, 5);
        fleet = await server.SetAsync(fleet, new() { ["ships"] = 1 });
        await AfloatAsync(fleet, 1);
    }

    [Fact]
    public async Task AFleetThatWasThereBeforeTheOperatorIsTakenCareOf()
    {
        var fleet = await server.CreateAsync(Fleet.Of(2, "old", _namespace));
        await using var host = await StartAsync();
        await AfloatAsync(fleet, 2);
    }

    [Fact]
    public async Task AShipThatSomebodyDeletesIsReplaced()
    {
        await using var host = await StartAsync();
        var fleet = await server.CreateAsync(Fleet.Of(2, "north", _namespace));
        await AfloatAsync(fleet, 2);
        var lost = (await server.Client.ListAsync<ConfigMap>(new() { Namespace = _namespace, LabelSelector = "ship" })).Items[0];
        await server.Client.DeleteAsync<ConfigMap>(lost.Metadata.Name!, _namespace);
        await Eventually.ThatAsync(async () =>
            (await server.Client.ListAsync<ConfigMap>(new() { Namespace = _namespace, LabelSelector = "ship" })).Items is { Count: 2 } ships
            && ships.All(ship => ship.Metadata.Name != lost.Metadata.Name));
    }

    [Fact]
    public async Task AFleetIsHeldUntilItsFinalizerHasBroughtTheShipsHome()
    {
        await using var host = await StartAsync();
        var fleet = await server.CreateAsync(Fleet.Of(2, "north", _namespace));
        await AfloatAsync(fleet, 2);
        Assert.Equal(["test.cpt.dev/harbour"], (await server.Client.GetAsync<Fleet>("north", _namespace)).Metadata.Finalizers);
        await server.Client.DeleteAsync<Fleet>("north", _namespace);
        await Eventually.ThatAsync(async () => await server.Client.TryGetAsync<Fleet>("north", _namespace) is null);
        Assert.Equal(0, await server.AfloatAsync(_namespace));
    }

    [Fact]
    public async Task AFinalizerThatIsNoLongerNeededIsTakenOff()
    {
        await using var host = await StartAsync();
        var fleet = await server.CreateAsync(Fleet.Of(1, "north", _namespace));
        await AfloatAsync(fleet, 1);
        await server.SetAsync(fleet, new() { ["keep"] = true });
        await Eventually.ThatAsync(async () => (await server.Client.GetAsync<Fleet>("north", _namespace)).Metadata.Finalizers is null or []);
        await server.Client.DeleteAsync<Fleet>("north", _namespace);
        await Eventually.ThatAsync(async () => await server.Client.TryGetAsync<Fleet>("north", _namespace) is null);
        Assert.Equal(1, await server.AfloatAsync(_namespace));
    }

    [Fact]
    public async Task AnotherOnesFinalizerStaysWhereItIs()
    {
        await using var host = await StartAsync();
        var fleet = Fleet.Of(1, "north", _namespace);
        fleet.Metadata.Finalizers = ["somebody.dev/else"];
        await AfloatAsync(await server.CreateAsync(fleet), 1);
        await server.Client.DeleteAsync<Fleet>("north", _namespace);
        await Eventually.ThatAsync(async () => (await server.Client.GetAsync<Fleet>("north", _namespace)).Metadata.Finalizers is ["somebody.dev/else"]);
        Assert.Equal(0, await server.AfloatAsync(_namespace));
        await server.Client.PatchAsync<Fleet>("north", _namespace, Patch.Json(new JsonPatch().Remove("/metadata/finalizers")));
    }

    [Fact]
    public async Task ARoundThatFindsEverythingInOrderWritesNothing()
    {
        await using var host = await StartAsync();
        var fleet = await server.CreateAsync(Fleet.Of(2, "north", _namespace));
        await AfloatAsync(fleet, 2);
        await QuietAsync(host);
        var writes = host.Wire.Writes.Count();
        var looks = await ReconcilesAsync(host);
        host.Services.GetRequiredService<IRequeue<Fleet>>().Enqueue(ObjectKey.Of(fleet));
        await Eventually.ThatAsync(async () => await ReconcilesAsync(host) > looks);
        Assert.Equal(writes, host.Wire.Writes.Count());
    }

    [Fact]
    public async Task ManyFleetsAtOnceEachGetTheirShips()
    {
        await using var host = await StartAsync();
        await Parallel.ForAsync(0, 100, async (i, _) => await server.CreateAsync(Fleet.Of(3, "f" + i.ToString(System.Globalization.CultureInfo.InvariantCulture), _namespace)));
        await Eventually.ThatAsync(async () => (await server.Client.ListAsync<Fleet>(new() { Namespace = _namespace })).Items.All(fleet => fleet.Status?.Afloat == 3));
        Assert.Equal(300, await server.AfloatAsync(_namespace));
        // No stray event made one too many, or one too few, afterwards.
        await QuietAsync(host);
        Assert.Equal(300, await server.AfloatAsync(_namespace));
    }

    private Task<TestOperator> StartAsync() => TestOperator.StartAsync(server, _namespace, builder => builder
        .AddController<FleetController, Fleet>(controller => controller.Owns<ConfigMap>(labelSelector: "ship"))
        .AddFinalizer<FleetFinalizer, Fleet>("test.cpt.dev/harbour", needed: fleet => fleet.Spec.Keep != true));

    private async Task AfloatAsync(Fleet fleet, int ships) => await Eventually.ThatAsync(async () =>
        (await server.Client.GetAsync<Fleet>(fleet.Metadata.Name!, _namespace)).Status?.Afloat == ships && await server.AfloatAsync(_namespace) == ships);

    /// <summary>All events of what was written have come back, and nothing is at work.</summary>
    private async Task QuietAsync(TestOperator host)
    {
        await Eventually.ThatAsync(async () =>
        {
            var list = await server.Client.ListAsync<Fleet>(new() { Namespace = _namespace });
            return list.Items.All(fleet => host.Cache<Fleet>().Get(_namespace, fleet.Metadata.Name!)?.Metadata.ResourceVersion == fleet.Metadata.ResourceVersion)
                && (await host.GetAsync("/metrics")).Body is var page
                && page.Contains("workqueue_depth{name=\"fleet\",controller=\"fleet\"} 0\n", StringComparison.Ordinal)
                && page.Contains("workqueue_unfinished_work_seconds{name=\"fleet\",controller=\"fleet\"} 0\n", StringComparison.Ordinal);
        });
    }

    private static async Task<long> ReconcilesAsync(TestOperator host)
    {
        var page = (await host.GetAsync("/metrics")).Body;
        var line = page.Split('\n').Single(line => line.StartsWith("controller_runtime_reconcile_time_seconds_count", StringComparison.Ordinal));
        return long.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }
}

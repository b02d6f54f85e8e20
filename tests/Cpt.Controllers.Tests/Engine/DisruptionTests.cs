using System.Globalization;
using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers.Tests;

/// <summary>An API server that dies, forgets, refuses and breaks off, under an operator that goes on.</summary>
[Trait("Category", "Cluster")]
[Collection(ApiServer.Disruptive)]
public sealed class DisruptionTests(ApiServer server) : IAsyncLifetime
{
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task WhatWasDeletedWhileTheWatchHadLostItsPlaceIsNoticed()
    {
        var controller = new Scripted();
        await using var host = await TestOperator.StartAsync(server, _namespace, builder =>
        {
            builder.Services.AddSingleton(controller);
            builder.AddController<Scripted, Fleet>();
        }, settings => settings.WatchLifetime = TimeSpan.FromSeconds(1));
        foreach (var name in (string[])["stays", "changes", "goes"])
        {
            await server.CreateAsync(Fleet.Of(1, name, _namespace));
        }

        await Eventually.ThatAsync(() => controller.Seen.Count == 3);
        var stays = host.Cache<Fleet>().Get(_namespace, "stays");

        // The operator's watches fail until the server has forgotten where they stood.
        var refused = 0;
        host.Wire.Answer = request =>
        {
            if (!request.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal))
            {
                return null;
            }

            Interlocked.Increment(ref refused);
            return Wire.Refusal(503, "ServiceUnavailable");
        };
        await Eventually.ThatAsync(() => Volatile.Read(ref refused) > 0);
        await server.Client.DeleteAsync<Fleet>("goes", _namespace);
        await server.SetAsync(Fleet.Of(1, "changes", _namespace), new() { ["ships"] = 9 });
        await server.CreateAsync(Fleet.Of(1, "comes", _namespace));
        await server.Cluster.CompactAsync();
        await server.Cluster.KillApiServerAsync();
        await server.Cluster.StartApiServerAsync();
        host.Wire.Answer = null;

        await Eventually.ThatAsync(() => controller.Gone.Count == 1 && controller.CountOf("comes") == 1 && controller.CountOf("changes") == 2);
        Assert.Equal("goes", controller.Gone.Single().Metadata.Name);
        Assert.Equal(1, controller.CountOf("stays"));
        Assert.Same(stays, host.Cache<Fleet>().Get(_namespace, "stays"));
        Assert.Contains("cpt_controllers_relists_total{kind=\"fleets.test.cpt.dev\"}", (await host.GetAsync("/metrics")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnOperatorWorksOnWhenTheServerIsKilledAndComesBack()
    {
        await using var host = await StartAsync();
        await server.CreateAsync(Fleet.Of(2, "before", _namespace));
        await AfloatAsync(2);
        await server.Cluster.KillApiServerAsync();
        Assert.Equal(200, (await host.GetAsync("/healthz")).Code);
        Assert.Equal(200, (await host.GetAsync("/readyz")).Code);
        await server.Cluster.StartApiServerAsync();
        await server.CreateAsync(Fleet.Of(3, "after", _namespace));
        await AfloatAsync(5);
    }

    [Fact]
    public async Task ALeaderWhoseServerIsAwayTooLongStopsAndTheNextOneBegins()
    {
        await using (var leader = await StartAsync(settings => settings.LeaderElection = TestOperator.QuickElection("one")))
        {
            await server.CreateAsync(Fleet.Of(2, "a", _namespace));
            await AfloatAsync(2);
            await server.Cluster.KillApiServerAsync();
            Assert.Equal(OperatorOutcome.LeaseLost, await leader.Ended);
            await server.Cluster.StartApiServerAsync();
        }

        await using var next = await StartAsync(settings => settings.LeaderElection = TestOperator.QuickElection("two"));
        await server.CreateAsync(Fleet.Of(3, "b", _namespace));
        await AfloatAsync(5);
    }

    [Fact]
    public async Task WatchesThatBreakOffEverySecondLoseNothing()
    {
        await using var host = await StartAsync(settings => settings.WatchLifetime = TimeSpan.FromSeconds(1));
        var opened = () => host.Wire.Calls.Count(call => call.Contains("/fleets?watch=true", StringComparison.Ordinal));
        var (fleets, ships) = (0, 0);
        while (opened() < 5)
        {
            await server.CreateAsync(Fleet.Of(2, "f" + fleets++.ToString(CultureInfo.InvariantCulture), _namespace));
            ships += 2;
        }

        await AfloatAsync(ships);
    }

    [Fact]
    public async Task EverySecondWriteThatConflictsIsMadeAgain()
    {
        var writes = 0;
        await using var host = await StartAsync(answer: request =>
            request.Method != HttpMethod.Get && Interlocked.Increment(ref writes) % 2 == 0 ? Wire.Refusal(409, "Conflict") : null);
        for (var i = 0; i < 10; i++)
        {
            await server.CreateAsync(Fleet.Of(3, "f" + i.ToString(CultureInfo.InvariantCulture), _namespace));
        }

        await StatusAsync(10, 3);
        Assert.Equal(30, await server.AfloatAsync(_namespace));
    }

    [Fact]
    public async Task EveryThirdCallThatIsOneTooManyIsMadeAgain()
    {
        var calls = 0;
        await using var host = await StartAsync(answer: _ => Interlocked.Increment(ref calls) % 3 == 0 ? Wire.Refusal(429, "TooManyRequests", ("Retry-After", "0")) : null);
        for (var i = 0; i < 10; i++)
        {
            await server.CreateAsync(Fleet.Of(3, "f" + i.ToString(CultureInfo.InvariantCulture), _namespace));
        }

        await StatusAsync(10, 3);
        Assert.Equal(30, await server.AfloatAsync(_namespace));
    }

    private async Task AfloatAsync(int ships) => await Eventually.ThatAsync(async () => await server.AfloatAsync(_namespace) == ships);

    private async Task StatusAsync(int fleets, int ships) => await Eventually.ThatAsync(async () =>
        (await server.Client.ListAsync<Fleet>(new() { Namespace = _namespace })).Items is var list && list.Count == fleets && list.All(fleet => fleet.Status?.Afloat == ships));

    private Task<TestOperator> StartAsync(Action<OperatorSettings>? settings = null, Func<HttpRequestMessage, HttpResponseMessage?>? answer = null) => TestOperator.StartAsync(
        server,
        _namespace,
        builder => builder.AddController<FleetController, Fleet>(controller => controller.Owns<ConfigMap>(labelSelector: "ship")),
        settings,
        wire: new() { Answer = answer });
}

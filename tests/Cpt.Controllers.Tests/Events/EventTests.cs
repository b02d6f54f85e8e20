using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers.Tests;

/// <summary>Events as the API server takes them and kubectl shows them.</summary>
[Trait("Category", "Cluster")]
public sealed class EventTests(ApiServer server) : IAsyncLifetime
{
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task DescribeShowsWhatAControllerTold()
    {
        var fleet = await server.CreateAsync(Fleet.Of(1, "north", _namespace));
        await using var host = await TestOperator.StartAsync(server, _namespace, builder => builder.AddCache<Fleet>());
        var events = host.Services.GetRequiredService<IEventRecorder>();
        for (var i = 0; i < 3; i++)
        {
            events.Publish(fleet, EventType.Warning, "Sinking", "Pump", "water in the hold of north");
        }

        await Eventually.ThatAsync(async () => (await server.Client.ListAsync<Event>(new() { Namespace = _namespace })).Items is [{ Series.Count: 3 }]);
        var told = await server.Cluster.KubectlAsync(CancellationToken.None, "-n", _namespace, "describe", "fleet", "north");
        Assert.Contains("Sinking", told, StringComparison.Ordinal);
        Assert.Contains("water in the hold of north", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatWasToldLastIsWrittenBeforeTheProcessEnds()
    {
        var fleet = await server.CreateAsync(Fleet.Of(1, "north", _namespace));
        await using var host = await TestOperator.StartAsync(server, _namespace, builder => builder.AddCache<Fleet>());
        var events = host.Services.GetRequiredService<IEventRecorder>();
        for (var i = 0; i < 60; i++)
        {
            events.Publish(fleet, EventType.Normal, "Sailing", "Sail", "on course");
        }

        await host.StopAsync();
        var item = Assert.Single((await server.Client.ListAsync<Event>(new() { Namespace = _namespace })).Items);
        Assert.Equal((60, "Sailing", "test-operator"), (item.Series!.Count, item.Reason, item.ReportingController));
    }
}

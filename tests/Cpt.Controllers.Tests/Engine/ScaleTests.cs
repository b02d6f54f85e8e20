using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers.Tests;

/// <summary>Ten thousand objects. The times are told, not judged: they are this machine's.</summary>
[Trait("Category", "Cluster")]
[Collection(ApiServer.Disruptive)]
public sealed class ScaleTests(ApiServer server, ITestOutputHelper output) : IAsyncLifetime
{
    private const int Count = 10_000;
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task TenThousandObjectsAreHeldInLittleMemoryAndEachIsLookedAtOnce()
    {
        var controller = new Scripted();
        var clock = Stopwatch.StartNew();
        await Parallel.ForAsync(0, Count, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
        {
            var fleet = Fleet.Of(i % 7, "f" + i.ToString(CultureInfo.InvariantCulture), _namespace);
            (fleet.Metadata.Labels, fleet.Spec.Note) = (new() { ["cpt.dev/run"] = "demo", ["cpt.dev/queue"] = "gpu-a100" }, new('x', 500));
            fleet.Metadata.OwnerReferences = [new() { ApiVersion = "v1", Kind = "ConfigMap", Name = "harbour", Uid = (i % 100).ToString("x8", CultureInfo.InvariantCulture), Controller = true }];
            await server.CreateAsync(fleet);
        });
        output.WriteLine($"made {Count} objects in {clock.Elapsed.TotalSeconds:0.0} s");

        var before = GC.GetTotalMemory(forceFullCollection: true);
        clock.Restart();
        await using var host = await TestOperator.StartAsync(server, _namespace, builder =>
        {
            builder.Services.AddSingleton(controller);
            builder.AddController<Scripted, Fleet>(known => known
                .WithTransform<Fleet>(fleet =>
                {
                    fleet.Spec.Note = null;
                    return fleet;
                })
                .WithIndex<Fleet>("ships", fleet => [fleet.Spec.Ships == 0 ? "none" : "some"]));
        });
        output.WriteLine($"filled the cache in {clock.Elapsed.TotalSeconds:0.0} s");
        await Eventually.ThatAsync(() => controller.Seen.Count == Count);
        output.WriteLine($"reconciled all in {clock.Elapsed.TotalSeconds:0.0} s since the start");
        controller.Seen.Clear();
        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"{kept / Count} bytes for each object");

        var cache = host.Cache<Fleet>();
        Assert.Equal(Count, cache.List().Count);
        Assert.Equal(Count / 100, cache.OwnedBy("0000002a").Count);
        Assert.Equal((Count + 6) / 7, cache.ByIndex("ships", "none").Count);
        Assert.Empty(host.Wire.Writes);
        // 20 pages, and not one list of ten thousand.
        Assert.Equal(Count / 500, host.Wire.Calls.Count(call => call.Contains("/fleets?limit=500", StringComparison.Ordinal)));
        Assert.InRange(kept / Count, 1, 2_000);

        // What happens to one of many costs no more than what happens to one of few.
        clock.Restart();
        await server.SetAsync(Fleet.Of(0, "f7777", _namespace), new() { ["ships"] = 5 });
        await Eventually.ThatAsync(() => controller.CountOf("f7777") == 1 && controller.Seen.Single().Spec.Ships == 5);
        output.WriteLine($"one change was looked at within {clock.Elapsed.TotalMilliseconds:0} ms");
        Assert.Single(controller.Seen);
    }
}

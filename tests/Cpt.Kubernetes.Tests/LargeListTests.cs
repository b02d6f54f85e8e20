using System.Globalization;

namespace Cpt.Kubernetes.Tests;

/// <summary>Ten thousand objects.</summary>
[Trait("Category", "Cluster")]
[Collection(ApiServer.Disruptive)]
public sealed class LargeListTests(ApiServer server, ITestOutputHelper output) : IAsyncLifetime
{
    private const int Count = 10_000;
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task AListOfTenThousandTakesLittleMoreMemoryThanItsObjects()
    {
        await Parallel.ForAsync(0, Count, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, cancellation) =>
        {
            var widget = Widget.Named("w" + i.ToString(CultureInfo.InvariantCulture), _namespace, new() { Color = "red", Replicas = i, Parts = [new() { Name = "a", Weight = i }, new() { Name = "b" }] });
            widget.Metadata.Labels = new() { ["cpt.dev/run"] = "demo", ["cpt.dev/stage"] = "sums" };
            await server.Client.CreateAsync(widget, cancellation: cancellation);
        });

        await MeasureAsync(limit: 500);
        await MeasureAsync(limit: 0);
    }

    private async Task MeasureAsync(int limit)
    {
        var options = new ListOptions { Namespace = _namespace, Limit = limit };
        await server.Client.ListAsync<Widget>(options with { LabelSelector = "cpt.dev/run=none" }); // code and connection are warm

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var list = await server.Client.ListAsync<Widget>(options);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;

        Assert.Equal(Count, list.Items.Count);
        output.WriteLine($"limit {limit}: {kept / Count} bytes kept and {allocated / Count} allocated for each object");
        // An object is some 900 bytes of JSON on the wire (managedFields for the most part), and 20 objects on the heap.
        Assert.InRange(kept / Count, 1, 2_000);
        Assert.InRange(allocated / Count, 1, 4_000);
        GC.KeepAlive(list);
    }
}

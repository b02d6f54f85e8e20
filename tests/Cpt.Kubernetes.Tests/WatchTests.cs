using System.Globalization;
using System.Text.Json.Nodes;

namespace Cpt.Kubernetes.Tests;

/// <summary>Watches of the real API server.</summary>
[Trait("Category", "Cluster")]
public sealed class WatchTests(ApiServer server) : IAsyncLifetime
{
    private string _namespace = "";

    private KubernetesClient Client => server.Client;

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task AWatchFromAListMissesNothingAndRepeatsNothing()
    {
        await Client.CreateAsync(Widget.Named("before", _namespace));
        var list = await Client.ListAsync<Widget>(new() { Namespace = _namespace });
        await Client.CreateAsync(Widget.Named("a", _namespace));
        await Client.PatchAsync<Widget>("a", _namespace, Patch.Set("spec", new JsonObject { ["color"] = "red" }));
        await Client.DeleteAsync<Widget>("a", _namespace);

        var changes = await Client.WatchAsync<Widget>(From(list.ResourceVersion)).TakeAsync(3);

        Assert.Equal(
            [(WatchEventType.Added, null), (WatchEventType.Modified, "red"), (WatchEventType.Deleted, "red")],
            changes.Select(change => (change.Type, change.Object.Spec.Color)));
        Assert.All(changes, change => Assert.Equal("a", change.Object.Metadata.Name));
    }

    [Fact]
    public async Task AWatchOfBuiltInKindsNamesThem()
    {
        var list = await Client.ListAsync<ConfigMap>(new() { Namespace = _namespace });
        await Client.CreateAsync(new ConfigMap { Metadata = new() { Name = "a", Namespace = _namespace } });
        var change = Assert.Single(await Client.WatchAsync<ConfigMap>(From(list.ResourceVersion)).TakeAsync(1));
        Assert.Equal(("v1", "ConfigMap"), (change.Object.ApiVersion, change.Object.Kind));
        Assert.Equal("ConfigMap", (await Client.ListAsync<ConfigMap>(new() { Namespace = _namespace })).Items[0].Kind);
    }

    [Fact]
    public async Task LabelsChooseWhatIsWatched()
    {
        var list = await Client.ListAsync<Widget>(new() { Namespace = _namespace });
        foreach (var (name, tier) in new[] { ("a", "x"), ("b", "y"), ("c", "x") })
        {
            var widget = Widget.Named(name, _namespace);
            widget.Metadata.Labels = new() { ["tier"] = tier };
            await Client.CreateAsync(widget);
        }

        var changes = await Client.WatchAsync<Widget>(From(list.ResourceVersion) with { LabelSelector = "tier=x" }).TakeAsync(2);
        Assert.Equal(["a", "c"], changes.Select(change => change.Object.Metadata.Name));
    }

    [Fact]
    public async Task NothingIsLostOrSeenTwiceAcrossConnectionsThatEndEverySecond()
    {
        var list = await Client.ListAsync<Widget>(new() { Namespace = _namespace });
        var reconnects = 0;
        var options = From(list.ResourceVersion) with { ConnectionLifetime = TimeSpan.FromSeconds(1), OnReconnect = _ => Interlocked.Increment(ref reconnects) };
        using var ended = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            var seen = new List<string>();
            await foreach (var change in Client.WatchAsync<Widget>(options, ended.Token))
            {
                if (change.Type == WatchEventType.Added)
                {
                    seen.Add(change.Object.Metadata.Name!);
                    if (change.Object.Metadata.Name == "last")
                    {
                        break;
                    }
                }
            }

            return seen;
        });

        var created = new List<string>();
        // Widgets keep coming until three connections have ended.
        for (var i = 0; Volatile.Read(ref reconnects) < 3; i++)
        {
            created.Add((await Client.CreateAsync(Widget.Named("w" + i.ToString(CultureInfo.InvariantCulture), _namespace))).Metadata.Name!);
        }

        created.Add((await Client.CreateAsync(Widget.Named("last", _namespace))).Metadata.Name!);
        ended.CancelAfter(TimeSpan.FromSeconds(60));
        Assert.Equal(created, await watching);
    }

    [Fact]
    public async Task ABookmarkComesBeforeTheServerEndsTheConnection()
    {
        var list = await Client.ListAsync<Widget>(new() { Namespace = _namespace });
        // It comes two seconds before the end, when something happened to any object of the kind since the connection began.
        var options = From(list.ResourceVersion) with { ConnectionLifetime = TimeSpan.FromSeconds(6) };
        await Client.CreateAsync(Widget.Named("a", _namespace));
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var change in Client.WatchAsync<Widget>(options, end.Token))
        {
            if (change.Type == WatchEventType.Bookmark)
            {
                Assert.NotEmpty(change.Object.Metadata.ResourceVersion!);
                return;
            }

            if (change.Object.Metadata.Name == "a")
            {
                await Client.CreateAsync(Widget.Named("b", _namespace));
            }
        }
    }

    [Fact]
    public async Task ATooOldPositionIsExpired()
    {
        var thrown = await Assert.ThrowsAsync<ResourceExpiredException>(() => Client.WatchAsync<Widget>(From("1")).TakeAsync(1));
        Assert.Contains("too old resource version", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWatchOfAKindThatIsNotThereIsRefused() =>
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => Client.WatchAsync<NoSuchKind>(From("5")).TakeAsync(1))).IsNotFound);

    [Fact]
    public async Task CancellingEndsAWatchThatIsSilent()
    {
        var list = await Client.ListAsync<Widget>(new() { Namespace = _namespace });
        using var cancellation = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            await foreach (var _ in Client.WatchAsync<Widget>(From(list.ResourceVersion), cancellation.Token))
            {
                await cancellation.CancelAsync();
            }
        });
        await Client.CreateAsync(Widget.Named("a", _namespace));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    private WatchOptions From(string resourceVersion) => new() { Namespace = _namespace, ResourceVersion = resourceVersion };
}

[KubernetesEntity(Group = "test.cpt.dev", ApiVersion = "v1", Kind = "NoSuchKind", PluralName = "nosuchkinds")]
public sealed record NoSuchKind : KubernetesObject;

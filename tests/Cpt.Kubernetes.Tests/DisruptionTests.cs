using System.Globalization;

namespace Cpt.Kubernetes.Tests;

/// <summary>The API server dies, comes back and forgets, under a client that goes on.</summary>
[Trait("Category", "Cluster")]
[Collection(ApiServer.Disruptive)]
public sealed class DisruptionTests(ApiServer server) : IAsyncLifetime
{
    private string _namespace = "";

    private KubernetesClient Client => server.Client;

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task AWatchOutlivesTheServersDeathOrSaysThatItsPositionIsLost()
    {
        var list = await Client.ListAsync<Widget>(new() { Namespace = _namespace });
        var torn = new TaskCompletionSource();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var relists = 0;
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var watching = Task.Run(() => FollowAsync(list.ResourceVersion));

        await Client.CreateAsync(Widget.Named("before", _namespace), cancellation: end.Token);
        await Eventually.ThatAsync(() => Volatile.Read(ref relists) > 0 || Has("before"));
        await server.Cluster.KillApiServerAsync(end.Token);
        await torn.Task.WaitAsync(end.Token);
        await server.Cluster.StartApiServerAsync(end.Token);
        await Client.CreateAsync(Widget.Named("after", _namespace), cancellation: end.Token);
        await Eventually.ThatAsync(() => Has("after"));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);

        Assert.All(seen.Values, count => Assert.InRange(count, 1, 1 + relists));

        bool Has(string name)
        {
            lock (seen)
            {
                return seen.ContainsKey(name);
            }
        }

        void See(Widget widget)
        {
            lock (seen)
            {
                seen[widget.Metadata.Name!] = seen.GetValueOrDefault(widget.Metadata.Name!) + 1;
            }
        }

        // What an informer does.
        async Task FollowAsync(string position)
        {
            while (true)
            {
                try
                {
                    var options = new WatchOptions { Namespace = _namespace, ResourceVersion = position, OnReconnect = _ => torn.TrySetResult() };
                    await foreach (var change in Client.WatchAsync<Widget>(options, end.Token))
                    {
                        if (change.Type == WatchEventType.Added)
                        {
                            See(change.Object);
                        }
                    }
                }
                catch (ResourceExpiredException)
                {
                    var again = await Client.ListAsync<Widget>(new() { Namespace = _namespace }, end.Token);
                    Interlocked.Increment(ref relists);
                    position = again.ResourceVersion;
                    foreach (var widget in again.Items)
                    {
                        See(widget);
                    }
                }
            }
        }
    }

    [Fact]
    public async Task AReadWaitsForAServerThatComesBack()
    {
        await Client.CreateAsync(Widget.Named("w", _namespace));
        await server.Cluster.KillApiServerAsync();
        var attempts = 0;
        using var client = server.NewClient(new() { Retry = new() { MaxAttempts = 1000 }, OnRetry = (_, _, _) => Interlocked.Increment(ref attempts) });
        var reading = client.GetAsync<Widget>("w", _namespace);
        await Eventually.ThatAsync(() => Volatile.Read(ref attempts) > 0);
        await server.Cluster.StartApiServerAsync();
        Assert.Equal("w", (await reading).Metadata.Name);
    }

    [Fact]
    public async Task AServerThatStaysAwayIsUnreachable()
    {
        await server.Cluster.KillApiServerAsync();
        try
        {
            using var client = server.NewClient(new() { Retry = new() { MaxAttempts = 3 } });
            var thrown = await Assert.ThrowsAsync<ApiUnreachableException>(() => client.GetAsync<Widget>("w", _namespace));
            Assert.Contains("Connection refused", thrown.Message, StringComparison.Ordinal);
        }
        finally
        {
            await server.Cluster.StartApiServerAsync();
        }
    }

    [Fact]
    public async Task APageThatComesTooLateIsExpiredAndTheWholeListBeginsAnew()
    {
        var names = Enumerable.Range(0, 12).Select(i => "c" + i.ToString("00", CultureInfo.InvariantCulture)).ToList();
        foreach (var name in names)
        {
            await CreateAsync(name);
        }

        var options = new ListOptions { Namespace = _namespace, Limit = 5 };
        var first = await Client.ListPageAsync<ConfigMap>(options);
        await CreateAsync("d");
        await server.Cluster.CompactAsync();
        await Assert.ThrowsAsync<ResourceExpiredException>(() => Client.ListPageAsync<ConfigMap>(options with { Continue = first.Continue }));

        // The same between two pages of one list.
        var pages = 0;
        using var client = server.NewClient(new()
        {
            WrapHandler = inner => new BeforeEach(inner, async () =>
            {
                if (++pages == 2)
                {
                    await CreateAsync("e");
                    await server.Cluster.CompactAsync();
                }
            }),
        });
        var list = await client.ListAsync<ConfigMap>(options);
        Assert.Equal(names.Append("d").Append("e"), list.Items.Select(item => item.Metadata.Name));
    }

    private Task CreateAsync(string name) => Client.CreateAsync(new ConfigMap { Metadata = new() { Name = name, Namespace = _namespace } });

    private sealed class BeforeEach(HttpMessageHandler inner, Func<Task> act) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await act();
            return await base.SendAsync(request, cancellationToken);
        }
    }
}

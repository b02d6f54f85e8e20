using System.Globalization;

namespace Cpt.Kubernetes.Tests;

/// <summary>Lists of the real API server.</summary>
[Trait("Category", "Cluster")]
public sealed class ListTests(ApiServer server) : IAsyncLifetime
{
    private string _namespace = "";

    private KubernetesClient Client => server.Client;

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task PagesAddUpToTheListOfOneMoment()
    {
        await CreateAsync(25);
        var options = new ListOptions { Namespace = _namespace, Limit = 10 };
        var first = await Client.ListPageAsync<ConfigMap>(options);
        Assert.Equal((10, 15), (first.Items.Count, first.RemainingItemCount));
        await Client.CreateAsync(new ConfigMap { Metadata = new() { Name = "c999", Namespace = _namespace } });

        var second = await Client.ListPageAsync<ConfigMap>(options with { Continue = first.Continue });
        var third = await Client.ListPageAsync<ConfigMap>(options with { Continue = second.Continue });

        Assert.Equal(Names(25), first.Items.Concat(second.Items).Concat(third.Items).Select(item => item.Metadata.Name!));
        Assert.Null(third.Continue);
        Assert.Equal(first.ResourceVersion, third.ResourceVersion);
    }

    [Fact]
    public async Task AListIsGatheredFromItsPages()
    {
        await CreateAsync(25);
        var list = await Client.ListAsync<ConfigMap>(new() { Namespace = _namespace, Limit = 7 });
        Assert.Equal(Names(25), list.Items.Select(item => item.Metadata.Name!));
    }

    [Fact]
    public async Task TheServersMemoryMayBeListed()
    {
        await CreateAsync(3);
        var newest = await Client.ListAsync<ConfigMap>(new() { Namespace = _namespace });
        await Eventually.ThatAsync(async () => (await Client.ListAsync<ConfigMap>(new() { Namespace = _namespace, ResourceVersion = "0" })).Items.Count == newest.Items.Count);
    }

    [Fact]
    public async Task FieldsChooseToo()
    {
        await CreateAsync(3);
        var list = await Client.ListAsync<ConfigMap>(new() { Namespace = _namespace, FieldSelector = "metadata.name=c001" });
        Assert.Equal("c001", Assert.Single(list.Items).Metadata.Name);
    }

    [Fact]
    public async Task NoNamespaceMeansAll()
    {
        var other = await server.StartAsync();
        foreach (var place in new[] { _namespace, other })
        {
            await Client.CreateAsync(new ConfigMap { Metadata = new() { Name = "everywhere", Namespace = place } });
        }

        var list = await Client.ListAsync<ConfigMap>(new() { FieldSelector = "metadata.name=everywhere" });
        Assert.Equal(new[] { _namespace, other }.Order(), list.Items.Select(item => item.Metadata.Namespace).Order());
    }

    private static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(i => "c" + i.ToString("000", CultureInfo.InvariantCulture))];

    private Task CreateAsync(int count) =>
        Task.WhenAll(Names(count).Select(name => Client.CreateAsync(new ConfigMap { Metadata = new() { Name = name, Namespace = _namespace } })));
}

using System.Text.Json.Nodes;
using Cpt.Controllers.Tests;
using Cpt.Kubernetes;
using Cpt.Tests.Cluster;

[assembly: AssemblyFixture(typeof(ApiServer))]

namespace Cpt.Controllers.Tests;

/// <summary>The API server of this assembly's tests: one for all, each test in a namespace of its own. Started by the first test that asks.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    /// <summary>Tests that disturb everybody: they run alone.</summary>
    public const string Disruptive = "disruptive";

    private readonly Lazy<Task<(TestCluster Cluster, KubernetesClient Client)>> _started = new(async () =>
    {
        var cluster = await TestCluster.StartAsync();
        var client = cluster.CreateClient(new() { Json = [TestJson.Default], FieldManager = "tests" });
        await Fleet.InstallAsync(client);
        await Eventually.ThatAsync(() => AnswersAsync(client));
        return (cluster, client);
    });

    public TestCluster Cluster { get; private set; } = null!;

    public KubernetesClient Client { get; private set; } = null!;

    /// <returns>A namespace of the test's own.</returns>
    public async Task<string> StartAsync()
    {
        (Cluster, Client) = await _started.Value;
        return await TestCluster.CreateNamespaceAsync(Client);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_started.IsValueCreated)
        {
            Client?.Dispose();
            await (await _started.Value).Cluster.DisposeAsync();
        }
    }

    public Task<Fleet> CreateAsync(Fleet fleet) => Client.CreateAsync(fleet);

    public Task<Fleet> SetAsync(Fleet fleet, JsonObject spec) => Client.PatchAsync<Fleet>(fleet.Metadata.Name!, fleet.Metadata.Namespace, Patch.Set("spec", spec));

    public async Task<int> AfloatAsync(string @namespace) => (await Client.ListAsync<ConfigMap>(new() { Namespace = @namespace, LabelSelector = "ship" })).Items.Count;

    private static async Task<bool> AnswersAsync(KubernetesClient client)
    {
        try
        {
            await client.ListAsync<Fleet>();
            return true;
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return false;
        }
    }
}

[CollectionDefinition(ApiServer.Disruptive, DisableParallelization = true)]
public sealed class DisruptiveTests;

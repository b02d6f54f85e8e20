using Cpt.Kubernetes.Tests;
using Cpt.Tests.Cluster;

[assembly: AssemblyFixture(typeof(ApiServer))]

namespace Cpt.Kubernetes.Tests;

/// <summary>The API server of this assembly's tests: one for all, each test in a namespace of its own. Started by the first test that asks.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    /// <summary>Tests that disturb everybody: they run alone.</summary>
    public const string Disruptive = "disruptive";

    private readonly Lazy<Task<(TestCluster Cluster, KubernetesClient Client)>> _started = new(async () =>
    {
        var cluster = await TestCluster.StartAsync();
        var client = cluster.CreateClient(new() { Json = [TestJson.Default], FieldManager = "tests" });
        await Widget.InstallAsync(client);
        return (cluster, client);
    });

    public TestCluster Cluster { get; private set; } = null!;

    public KubernetesClient Client { get; private set; } = null!;

    /// <summary>A client on connections of its own.</summary>
    public KubernetesClient NewClient(KubernetesClientOptions? options = null) => Cluster.CreateClient((options ?? new()) with { Json = [TestJson.Default], FieldManager = "tests" });

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
}

[CollectionDefinition(ApiServer.Disruptive, DisableParallelization = true)]
public sealed class DisruptiveTests;

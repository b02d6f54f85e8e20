using System.Text.Json.Nodes;
using Cpt.Api.Tests.Schema;
using Cpt.Kubernetes;
using Cpt.Runs;
using Cpt.Tests.Cluster;

[assembly: AssemblyFixture(typeof(ApiServer))]

namespace Cpt.Api.Tests.Schema;

/// <summary>The API server of this assembly's tests, with the committed definition; each test works in a namespace of its own. Started by the first test that asks.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    private readonly Lazy<Task<(TestCluster Cluster, KubernetesClient Client, bool HasCel)>> _started = new(async () =>
    {
        var cluster = await TestCluster.StartAsync();
        await RunDefinitions.InstallAsync(cluster.Kubectl);
        var stored = await cluster.Kubectl.OutputAsync(["get", "crd", "continualruns.cpt.dev", "-o", "json"]);
        var client = cluster.CreateClient(new() { Json = [RunsJson.Default], FieldManager = "cpt-operator" });
        return (cluster, client, stored.Contains("x-kubernetes-validations\"", StringComparison.Ordinal));
    });

    public KubernetesClient Client { get; private set; } = null!;

    public Kubectl Kubectl { get; private set; } = null!;

    /// <summary>Whether this server kept the CEL rules; one before 1.25 drops them.</summary>
    public bool HasCel { get; private set; }

    /// <returns>A namespace of the test's own.</returns>
    public async Task<string> StartAsync()
    {
        (var cluster, Client, HasCel) = await _started.Value;
        Kubectl = cluster.Kubectl;
        return await TestCluster.CreateNamespaceAsync(Client);
    }

    /// <summary>Sends an object as a program would, without kubectl's own checks; nothing is stored.</summary>
    /// <returns>Null when the server takes it.</returns>
    public async Task<KubernetesException?> RefusalAsync(string @namespace, JsonNode run)
    {
        try
        {
            await Client.RawAsync(HttpMethod.Post, $"/apis/cpt.dev/v1alpha1/namespaces/{@namespace}/continualruns?dryRun=All", run);
            return null;
        }
        catch (KubernetesException refusal)
        {
            return refusal;
        }
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

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
    private readonly Lazy<Task> _started;
    private TestCluster? _cluster;

    public ApiServer() => _started = new(StartClusterAsync);

    public KubernetesClient Client { get; private set; } = null!;

    public Kubectl Kubectl { get; private set; } = null!;

    /// <summary>Whether this server kept the CEL rules; one before 1.25 drops them.</summary>
    public bool HasCel { get; private set; }

    /// <returns>A namespace of the test's own.</returns>
    public async Task<string> StartAsync()
    {
        await _started.Value;
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
        Client?.Dispose();
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    private async Task StartClusterAsync()
    {
        _cluster = await TestCluster.StartAsync();
        Kubectl = _cluster.Kubectl;
        Client = _cluster.CreateClient(new() { Json = [RunsJson.Default], FieldManager = "cpt-operator" });
        await RunDefinitions.InstallAsync(Kubectl);
        var stored = await Kubectl.OutputAsync(["get", "crd", "continualruns.cpt.dev", "-o", "json"]);
        HasCel = stored.Contains("x-kubernetes-validations\"", StringComparison.Ordinal);
    }
}

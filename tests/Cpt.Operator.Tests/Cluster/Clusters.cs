using Cpt.Kubernetes;
using Cpt.Operator.Tests.Cluster;
using Cpt.Runs;
using Cpt.StandIn;
using Cpt.Tests.Cluster;

[assembly: AssemblyFixture(typeof(Clusters))]

namespace Cpt.Operator.Tests.Cluster;

/// <summary>
/// Two API servers: one where the stand-in plays everything behind it, and one with a real kube-controller-manager. Each is started by the first test that asks; each test has a
/// namespace, a stand-in and an operator of its own.
/// </summary>
public sealed class Clusters : IAsyncLifetime
{
    private readonly Lazy<Task<(TestCluster Cluster, KubernetesClient Client)>> _bare = new(() => StartAsync(controllers: false));
    private readonly Lazy<Task<(TestCluster Cluster, KubernetesClient Client)>> _real = new(() => StartAsync(controllers: true));

    internal async Task<ClusterWorld> OpenAsync(Scenario? scenario = null, bool controllers = false)
    {
        Assert.SkipWhen(
            controllers && Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } assets && !File.Exists(Path.Combine(assets, "kube-controller-manager")),
            "KUBEBUILDER_ASSETS has no kube-controller-manager");
        var (cluster, client) = await (controllers ? _real : _bare).Value;
        var name = await TestCluster.CreateNamespaceAsync(client, TestContext.Current.CancellationToken);
        return await ClusterWorld.OpenAsync(cluster, client, name, scenario ?? new Scenario(), playsControllers: !controllers);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var started in new[] { _bare, _real }.Where(started => started is { IsValueCreated: true, Value.IsFaulted: false }))
        {
            var (cluster, client) = await started.Value;
            client.Dispose();
            await cluster.DisposeAsync();
        }
    }

    private static async Task<(TestCluster Cluster, KubernetesClient Client)> StartAsync(bool controllers)
    {
        var cluster = await TestCluster.StartAsync();
        try
        {
            if (controllers)
            {
                await cluster.StartControllersAsync();
            }

            // kubectl of a server without CEL does not know its rules; the server drops them.
            var kubectl = new Kubectl(cluster.Kubeconfig, Path.Combine(cluster.Directory, "kubectl-cache"));
            await kubectl.OutputAsync(["apply", "--validate=false", "-f", Path.Combine(Repository.Root, "crds")]);
            var client = cluster.CreateClient(new() { Json = [RunsJson.Default], FieldManager = "tests" });
            await Eventually.ThatAsync(async () =>
            {
                try
                {
                    return (await client.ListAsync<RunObject>()).Items.Count == 0 && (await client.ListAsync<StudyObject>()).Items.Count == 0;
                }
                catch (KubernetesException error) when (error.IsNotFound)
                {
                    // Not established yet.
                    return false;
                }
            });
            return (cluster, client);
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }
}

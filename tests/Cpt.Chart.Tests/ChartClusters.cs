using Cpt.Chart.Tests;
using Cpt.Kubernetes;
using Cpt.Runs;
using Cpt.Tests.Cluster;

[assembly: AssemblyFixture(typeof(ChartClusters))]

namespace Cpt.Chart.Tests;

/// <summary>
/// Real API servers, each started by the first test that asks: one for releases, which install and remove the kind itself, and one for rights, where runs are always known. Both check owner
/// references as OpenShift does.
/// </summary>
public sealed class ChartClusters : IAsyncLifetime
{
    private readonly Lazy<Task<(TestCluster Cluster, KubernetesClient Client)>> _releases = new(() => StartAsync(withRuns: false));
    private readonly Lazy<Task<(TestCluster Cluster, KubernetesClient Client)>> _rights = new(() => StartAsync(withRuns: true));

    internal Task<(TestCluster Cluster, KubernetesClient Client)> ForReleasesAsync() => _releases.Value;

    internal Task<(TestCluster Cluster, KubernetesClient Client)> ForRightsAsync() => _rights.Value;

    public ValueTask InitializeAsync()
    {
        // Operators tell a lot, of which a failed test needs nothing: it waits for what the server shows.
        Environment.SetEnvironmentVariable("Logging__LogLevel__Default", "None");
        // Read by the script that starts the server; every server of this process is to have it.
        Environment.SetEnvironmentVariable("CPT_APISERVER_ARGS", "--enable-admission-plugins=OwnerReferencesPermissionEnforcement");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var started in new[] { _releases, _rights }.Where(started => started is { IsValueCreated: true, Value.IsFaulted: false }))
        {
            var (cluster, client) = await started.Value;
            client.Dispose();
            await cluster.DisposeAsync();
        }
    }

    private static async Task<(TestCluster Cluster, KubernetesClient Client)> StartAsync(bool withRuns)
    {
        var cluster = await TestCluster.StartAsync();
        try
        {
            // Those of releases have controllers too: roles are aggregated, Deployments make pods.
            await (withRuns ? RunDefinitions.InstallAsync(cluster.Kubectl) : cluster.StartControllersAsync());

            return (cluster, cluster.CreateClient(new() { Json = [RunsJson.Default], FieldManager = "tests" }));
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }
}

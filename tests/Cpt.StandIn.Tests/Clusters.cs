using System.Text.Json;
using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.StandIn.Tests;
using Cpt.Tests.Cluster;

[assembly: AssemblyFixture(typeof(Clusters))]

namespace Cpt.StandIn.Tests;

/// <summary>
/// Two API servers: one where the stand-in plays everything behind it, and one with a real kube-controller-manager. Each is started by the first test that asks; a test
/// has a namespace of its own, and a stand-in that looks at nothing else.
/// </summary>
public sealed class Clusters : IAsyncLifetime
{
    private readonly Lazy<Task<(TestCluster Cluster, KubernetesClient Client)>> _bare = new(() => StartAsync(controllers: false));
    private readonly Lazy<Task<(TestCluster Cluster, KubernetesClient Client)>> _real = new(() => StartAsync(controllers: true));

    /// <summary>Whether a real kube-controller-manager can be had: assets of setup-envtest have none.</summary>
    public static bool HaveControllers { get; } =
        Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is not { Length: > 0 } assets || File.Exists(Path.Combine(assets, "kube-controller-manager"));

    internal async Task<Stage> StageAsync(bool controllers = false, StandInOptions? options = null)
    {
        Assert.SkipWhen(controllers && !HaveControllers, "KUBEBUILDER_ASSETS has no kube-controller-manager");
        var (cluster, client) = await (controllers ? _real : _bare).Value;
        var name = await TestCluster.CreateNamespaceAsync(client, TestContext.Current.CancellationToken);
        return await Stage.OpenAsync(cluster, client, name, (options ?? new()) with { PlaysControllers = !controllers });
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var started in new[] { _bare, _real }.Where(started => started.IsValueCreated))
        {
            var (cluster, client) = await started.Value;
            client.Dispose();
            await cluster.DisposeAsync();
        }
    }

    private static async Task<(TestCluster Cluster, KubernetesClient Client)> StartAsync(bool controllers)
    {
        var cluster = await TestCluster.StartAsync();
        if (controllers)
        {
            await cluster.StartControllersAsync();
        }

        var client = cluster.CreateClient(new() { Json = [StandInJson.Default], FieldManager = "tests" });
        await InstallRunsAsync(client);
        return (cluster, client);
    }

    /// <summary>The kind alone, with any content: as an owner a run is no more than its name.</summary>
    private static async Task InstallRunsAsync(KubernetesClient client)
    {
        const string definition = $$$"""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"{{{ContinualRun.Plural}}}.{{{ContinualRun.Group}}}"},
             "spec":{"group":"{{{ContinualRun.Group}}}","scope":"Namespaced","names":{"plural":"{{{ContinualRun.Plural}}}","kind":"{{{ContinualRun.KindName}}}"},
                     "versions":[{"name":"{{{ContinualRun.Version}}}","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true} } }]}}
            """;
        await client.CreateAsync(JsonSerializer.Deserialize(definition, KubernetesJson.Default.CustomResourceDefinition)!);
        await Eventually.ThatAsync(async () =>
        {
            try
            {
                return await client.HasAsync<RunRecord>() && (await client.ListAsync<RunRecord>()).Items.Count == 0;
            }
            catch (KubernetesException error) when (error.IsNotFound)
            {
                return false;
            }
        });
    }
}

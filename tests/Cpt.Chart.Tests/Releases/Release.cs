using Cpt.Kubernetes;
using Cpt.Operator.Tests.Cluster;
using Cpt.Tests.Cluster;

namespace Cpt.Chart.Tests.Releases;

/// <summary>
/// One release of the chart on a real API server, in a namespace of its own; gone at the end, with the kind and all runs. Such tests go one after another: the kind belongs to the whole cluster.
/// </summary>
internal sealed class Release : IAsyncDisposable
{
    private Release(TestCluster cluster, KubernetesClient client, string @namespace) => (Cluster, Client, Namespace) = (cluster, client, @namespace);

    public TestCluster Cluster { get; }

    public KubernetesClient Client { get; }

    public string Namespace { get; }

    /// <summary>Where runs live.</summary>
    public string Runs => Namespace + "-runs";

    public static async Task<Release> PrepareAsync(ChartClusters clusters)
    {
        var (cluster, client) = await clusters.ForReleasesAsync();
        var release = new Release(cluster, client, await TestCluster.CreateNamespaceAsync(client, TestContext.Current.CancellationToken));
        await client.CreateAsync(new Namespace { Metadata = new() { Name = release.Runs } });
        return release;
    }

    public Task<string> InstallAsync(params string[] options) => HelmAsync(["install", "cpt-operator", Helm.Chart, .. options]);

    public Task<string> UpgradeAsync(string chart, params string[] options) => HelmAsync(["upgrade", "cpt-operator", chart, .. options]);

    public Task<string> HelmAsync(params string[] arguments) => Helm.OutputAsync(Cluster, [.. arguments, "--namespace", Namespace]);

    public Task<string> KubectlAsync(params string[] arguments) => Cluster.KubectlAsync(TestContext.Current.CancellationToken, arguments);

    /// <summary>
    /// Until the operator may make a run the owner of something. Admission (OwnerReferencesPermissionEnforcement) looks kinds up in a table that it fills anew every half minute: a definition that was
    /// removed and made again, as tests do, is not in it for so long, and whoever names the kind is refused.
    /// </summary>
    public Task RunsAreKnownAsOwnersAsync() => Eventually.ThatAsync(async () => (await Cluster.Kubectl.RunAsync(
        ["create", "--dry-run=server", "--validate=false", "-f", "-", "--as", $"system:serviceaccount:{Namespace}:cpt-operator"],
        $$$"""
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: probe
          namespace: {{{Runs}}}
          ownerReferences: [{apiVersion: cpt.dev/v1alpha1, kind: ContinualRun, name: probe, uid: 00000000-0000-0000-0000-000000000000, blockOwnerDeletion: true, controller: true}]
        spec: {template: {spec: {restartPolicy: Never, containers: [{name: probe, image: probe}]} } }
        """,
        TestContext.Current.CancellationToken)).ExitCode == 0);

    /// <returns>One field of an object, by kubectl's JSONPath; empty where there is neither.</returns>
    public async Task<string> ReadAsync(string kind, string name, string path) =>
        await KubectlAsync("get", kind, name, "--namespace", Namespace, "--ignore-not-found", "--output", $"jsonpath={{{path}}}");

    public async Task CreateRunAsync(string name) => await Cluster.Kubectl.OutputAsync(["create", "--validate=false", "-f", "-"], $$$"""
        apiVersion: cpt.dev/v1alpha1
        kind: ContinualRun
        metadata: {name: {{{name}}}, namespace: {{{Runs}}}}
        spec:
          baseModel: {uri: "bundled://models/digits-base"}
          storage: {uri: "azblob://checkpoints/{{{name}}}"}
          stages:
          - {name: parity, method: SFT, task: {uri: "generated://digits/parity"}}
        """);

    public async ValueTask DisposeAsync()
    {
        await Helm.RunAsync(["uninstall", "cpt-operator", "--namespace", Namespace, "--ignore-not-found"], Cluster);
        await KubectlAsync("delete", "crd", "continualruns.cpt.dev", "continualstudies.cpt.dev", "--ignore-not-found", "--wait");
    }
}

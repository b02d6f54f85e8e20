using Cpt.Kubernetes;

namespace Cpt.Tests.Cluster;

/// <summary>
/// A whole Kubernetes cluster of one's own with a node that runs pods: some 10 s to start. Pods and Services can be reached from here at their own addresses. Needs root:
/// <see cref="WhyNot"/>.
/// </summary>
public sealed class NodeCluster : IAsyncDisposable
{
    private static readonly Lazy<string?> s_whyNot = new(() =>
    {
        var (exitCode, _, error) = ClusterScript.TryAsync("can-run.sh", CancellationToken.None, []).GetAwaiter().GetResult();
        return exitCode == 0 ? null : error.Trim();
    });

    private NodeCluster(string directory) => Directory = directory;

    /// <summary>Why this machine can have none; null where it can. For <c>Assert.SkipUnless(NodeCluster.WhyNot is null, …)</c>.</summary>
    public static string? WhyNot => s_whyNot.Value;

    /// <summary>Logs, certificates and data; deleted at the end.</summary>
    public string Directory { get; }

    /// <summary>Of the administrator.</summary>
    public string Kubeconfig => Path.Combine(Directory, "admin.kubeconfig");

    /// <summary>Of the node and the API server.</summary>
    public string Address => File.ReadAllText(Path.Combine(Directory, "address")).Trim();

    /// <summary>What its network namespace, its card on this machine, its cgroups and its link in /run/cpt-cluster are called.</summary>
    public string NetworkName => "cpt-" + File.ReadAllText(Path.Combine(Directory, "network")).Trim().Replace('.', '-');

    /// <summary>As the administrator.</summary>
    public Kubectl Kubectl => new(Kubeconfig, Path.Combine(Directory, "kubectl-cache"));

    /// <param name="parts">What is in it beside the node.</param>
    /// <param name="cancellation">Ends the attempt; what was started by then is taken down.</param>
    public static async Task<NodeCluster> UpAsync(NodeClusterParts parts = NodeClusterParts.None, CancellationToken cancellation = default)
    {
        var cluster = new NodeCluster(Path.Combine(Path.GetTempPath(), "cpt-node-" + Guid.NewGuid().ToString("N")[..8]));
        try
        {
            await cluster.ContinueAsync(parts, cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts whatever of it does not run, as a second <c>./cpt cluster up</c> does.</summary>
    public Task ContinueAsync(NodeClusterParts parts = NodeClusterParts.None, CancellationToken cancellation = default) => parts == NodeClusterParts.None
        ? ClusterScript.RunAsync("up-node.sh", cancellation, [Directory])
        : ClusterScript.RunAsync(
            "cluster.sh",
            cancellation,
            [
                "up", "--name", Path.GetFileName(Directory), "--kubeconfig", Path.Combine(Directory, "user.kubeconfig"),
                .. parts.HasFlag(NodeClusterParts.Operator) ? Array.Empty<string>() : ["--no-operator"],
                .. parts.HasFlag(NodeClusterParts.AddOns) ? Array.Empty<string>() : ["--no-addons"],
            ],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["CPT_CLUSTERS"] = Path.GetDirectoryName(Directory)! });

    /// <summary>An image archive, for pods that say <c>imagePullPolicy: IfNotPresent</c>.</summary>
    public Task LoadAsync(string archive, CancellationToken cancellation = default) => ClusterScript.RunAsync("load.sh", cancellation, [Directory, archive]);

    /// <summary>Kills containerd and kubelet. Containers go on running.</summary>
    public Task KillNodeAsync(CancellationToken cancellation = default) => ClusterScript.RunAsync("node.sh", cancellation, ["kill", Directory]);

    /// <summary>Everything on the node at once, containers too, as when it loses power.</summary>
    public Task CrashNodeAsync(CancellationToken cancellation = default) => ClusterScript.RunAsync("node.sh", cancellation, ["crash", Directory]);

    /// <summary>Brings back what was killed; returns when the node is Ready.</summary>
    public Task StartNodeAsync(CancellationToken cancellation = default) => ClusterScript.RunAsync("node.sh", cancellation, ["start", Directory]);

    public Task StopApiServerAsync(CancellationToken cancellation = default) => ClusterScript.RunAsync("down.sh", cancellation, ["--kill", Directory, "kube-apiserver"]);

    public Task StartApiServerAsync(CancellationToken cancellation = default) => ClusterScript.RunAsync("up-apiserver.sh", cancellation, [Directory]);

    /// <returns>What kubectl printed.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public Task<string> KubectlAsync(CancellationToken cancellation, params string[] arguments) => Kubectl.OutputAsync(arguments, cancellation: cancellation);

    public Task<string> ApplyAsync(string manifest, CancellationToken cancellation = default) => Kubectl.OutputAsync(["apply", "-f", "-"], manifest, cancellation);

    public KubernetesClient CreateClient(KubernetesClientOptions? options = null) => new(ClusterConfig.Load(Kubeconfig), options);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await ClusterScript.RunAsync("down.sh", CancellationToken.None, ["--wipe", Directory]);
}

/// <summary>What <see cref="NodeCluster"/> has beside the node.</summary>
[Flags]
public enum NodeClusterParts
{
    None = 0,

    /// <summary>Azurite, Prometheus, and the Secret cpt-storage.</summary>
    AddOns = 1,

    /// <summary>The operator, by its chart, with the images of this checkout.</summary>
    Operator = 2,
}

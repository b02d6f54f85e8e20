using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Cpt.Kubernetes;

namespace Cpt.Tests.Cluster;

/// <summary>A real etcd and kube-apiserver of one's own, on a loopback address that no other test uses. Some 4 s to start.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private static int s_names;

    private TestCluster(string directory) => Directory = directory;

    /// <summary>Logs, certificates and data; deleted at the end.</summary>
    public string Directory { get; }

    /// <summary>Of the administrator.</summary>
    public string Kubeconfig => Path.Combine(Directory, "admin.kubeconfig");

    public string Address => File.ReadAllText(Path.Combine(Directory, "address")).Trim();

    /// <exception cref="InvalidOperationException">A script failed; the message is what it said.</exception>
    public static async Task<TestCluster> StartAsync(CancellationToken cancellation = default)
    {
        var cluster = new TestCluster(Path.Combine(Path.GetTempPath(), "cpt-cluster-" + Guid.NewGuid().ToString("N")[..12]));
        try
        {
            await cluster.StartApiServerAsync(cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Brings back what was stopped or killed, with all its data.</summary>
    public Task StartApiServerAsync(CancellationToken cancellation = default) => ScriptAsync("up-apiserver.sh", cancellation, Directory);

    /// <summary>kube-controller-manager: Jobs make Pods, garbage is collected.</summary>
    public Task StartControllersAsync(CancellationToken cancellation = default) => ScriptAsync("up-controllers.sh", cancellation, Directory);

    /// <summary>As a machine that loses power: no goodbye to anybody.</summary>
    public Task KillApiServerAsync(CancellationToken cancellation = default) => ScriptAsync("down.sh", cancellation, "--kill", Directory, "kube-apiserver");

    public KubernetesClient CreateClient(KubernetesClientOptions? options = null) => new(ClusterConfig.Load(Kubeconfig), options);

    /// <summary>A namespace of one's own, so that tests do not meet.</summary>
    public static async Task<string> CreateNamespaceAsync(KubernetesClient client, CancellationToken cancellation = default)
    {
        var name = $"t{Interlocked.Increment(ref s_names).ToString(CultureInfo.InvariantCulture)}-{Guid.NewGuid().ToString("N")[..6]}";
        await client.CreateAsync(new Namespace { Metadata = new() { Name = name } }, cancellation: cancellation);
        return name;
    }

    /// <summary>Makes etcd forget every state but the present one, which it otherwise does once in five minutes.</summary>
    public async Task CompactAsync(CancellationToken cancellation = default)
    {
        using var etcd = new HttpClient { BaseAddress = new Uri($"http://{Address}:2379") };
        using var range = await etcd.PostAsJsonAsync("/v3/kv/range", new JsonObject { ["key"] = "AA==" }, cancellation);
        var answer = await range.Content.ReadFromJsonAsync<JsonObject>(cancellation);
        using var compacted = await etcd.PostAsJsonAsync("/v3/kv/compaction", new JsonObject { ["revision"] = answer!["header"]!["revision"]!.GetValue<string>() }, cancellation);
        compacted.EnsureSuccessStatusCode();
    }

    /// <summary>As the administrator.</summary>
    public Kubectl Kubectl => new(Kubeconfig, Path.Combine(Directory, "kubectl-cache"));

    /// <returns>What kubectl printed.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public Task<string> KubectlAsync(CancellationToken cancellation, params string[] arguments) => Kubectl.OutputAsync(arguments, cancellation: cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await ScriptAsync("down.sh", CancellationToken.None, "--wipe", Directory);

    private static Task<string> ScriptAsync(string script, CancellationToken cancellation, params string[] arguments) => ClusterScript.RunAsync(script, cancellation, arguments);
}

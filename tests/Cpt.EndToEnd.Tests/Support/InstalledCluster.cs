using System.Text.Json.Nodes;
using Cpt.EndToEnd.Tests.Faults;
using Cpt.Tests.Cluster;

namespace Cpt.EndToEnd.Tests;

/// <summary>
/// One cluster for all tests here, brought up by the command that a developer types: node, Azurite, Prometheus, images built from this checkout, the chart installed. CPT_E2E_CLUSTER names one that is up
/// already and stays so, for whoever works on these tests.
/// </summary>
public sealed class InstalledCluster : IAsyncDisposable
{
    public const string OperatorNamespace = "cpt-system";
    public const string AddonNamespace = "cpt-dev";
    public const string StorageSecret = "cpt-storage";

    private readonly string? _given = Environment.GetEnvironmentVariable("CPT_E2E_CLUSTER") is { Length: > 0 } name ? name : null;
    private readonly string _name;
    private readonly string _kubeconfig = Path.Combine(Path.GetTempPath(), $"cpt-e2e-{Guid.NewGuid():N}.config");
    private readonly Lazy<Task<JsonNode>> _up;
    private readonly Lazy<Task<IReadOnlyList<string?>>> _undisturbed;
    private JsonNode? _status;

    public InstalledCluster()
    {
        _name = _given ?? "e2e-" + Guid.NewGuid().ToString("N")[..8];
        _up = new(UpAsync);
        _undisturbed = new(RunUndisturbedAsync);
    }

    /// <summary>After <see cref="StartAsync"/>.</summary>
    public Kubectl Kubectl { get; private set; } = null!;

    /// <summary>State of the cluster on this machine.</summary>
    public string Directory => (string)_status!["directory"]!;

    /// <summary>How a process on this machine reaches the cluster's storage.</summary>
    public string ConnectionString { get; private set; } = null!;

    public Uri Prometheus => new((string)_status!["prometheus"]!);

    /// <summary>The cluster, up; the first call brings it up.</summary>
    public async Task StartAsync() => await _up.Value;

    /// <summary>A namespace in which runs can live: with the storage's Secret and the trainers' ServiceAccount.</summary>
    public async Task<string> NamespaceAsync(string name)
    {
        await StartAsync();
        var ns = $"{name}-{Guid.NewGuid().ToString("N")[..6]}";
        await Kubectl.OutputAsync(["create", "namespace", ns]);
        await Kubectl.OutputAsync(["create", "serviceaccount", "cpt-trainer", "-n", ns]);
        await Kubectl.OutputAsync(["create", "secret", "generic", StorageSecret, "-n", ns, "--from-literal=AZURE_STORAGE_CONNECTION_STRING=" + ConnectionString]);
        return ns;
    }

    /// <summary>Digests that the chain of <see cref="FaultRun"/> ends with when nothing happens to it.</summary>
    public async Task<IReadOnlyList<string?>> UndisturbedAsync()
    {
        await StartAsync();
        return await _undisturbed.Value;
    }

    /// <summary>The pod that holds the lease.</summary>
    public Task<string> LeaderAsync() => Patience.UntilAsync("an operator leads", async () =>
    {
        var holder = await Kubectl.OutputAsync(["get", "lease", "cpt-operator", "-n", OperatorNamespace, "-o", "jsonpath={.spec.holderIdentity}"]);
        var pods = JsonNode.Parse(await Kubectl.OutputAsync(["get", "pods", "-n", OperatorNamespace, "-o", "json"]))!["items"]!.AsArray();
        return pods.Select(pod => (string)pod!["metadata"]!["name"]!).FirstOrDefault(pod => holder.StartsWith(pod, StringComparison.Ordinal));
    });

    public Task ScaleStorageAsync(int replicas) => ScaleAsync("azurite", replicas);

    /// <summary>Until node, add-ons and operator are ready again.</summary>
    public Task ReadyAsync() => Patience.UntilAsync(
        "the cluster is ready", async () => (await CptAsync("cluster", "status", "--name", _name)).ExitCode == 0, async () => await Kubectl.OutputAsync(["get", "pods", "-A"]));

    /// <summary>Brings the release back as the command does: what is there already stays.</summary>
    public async Task InstallOperatorAsync() => (await CptAsync("cluster", "up", "--name", _name, "--kubeconfig", _kubeconfig)).Succeeded();

    public async Task HelmAsync(params string[] arguments)
    {
        var helm = (await Program.RunAsync(Path.Combine(Repository.Root, "eng", "fetch-helm.sh"), [])).Succeeded().Trim();
        var home = Path.Combine(Directory, "helm");
        (await Program.RunAsync(helm, arguments, new Dictionary<string, string>
        {
            ["KUBECONFIG"] = _kubeconfig, ["HELM_CACHE_HOME"] = home + "/cache", ["HELM_CONFIG_HOME"] = home + "/config", ["HELM_DATA_HOME"] = home + "/data",
        })).Succeeded();
    }

    internal static Task<Program.Ended> CptAsync(params string[] arguments) => Program.RunAsync(Path.Combine(Repository.Root, "cpt"), arguments);

    public async ValueTask DisposeAsync()
    {
        if (_given is null && _up.IsValueCreated)
        {
            (await CptAsync("cluster", "down", "--name", _name)).Succeeded();
        }

        File.Delete(_kubeconfig);
    }

    private async Task<JsonNode> UpAsync()
    {
        if (_given is null)
        {
            await InstallOperatorAsync();
        }
        else
        {
            await File.WriteAllTextAsync(_kubeconfig, (await CptAsync("cluster", "kubeconfig", "--name", _name)).Succeeded());
        }

        _status = JsonNode.Parse((await CptAsync("cluster", "status", "--name", _name, "-o", "json")).Succeeded())!;
        Kubectl = new Kubectl(_kubeconfig, Path.Combine(Directory, "kubectl-cache"));
        var secret = await Kubectl.OutputAsync(["get", "secret", StorageSecret, "-n", "default", "-o", "jsonpath={.data.AZURE_STORAGE_CONNECTION_STRING}"]);
        ConnectionString = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(secret));
        return _status;
    }

    private async Task ScaleAsync(string deployment, int replicas)
    {
        await Kubectl.OutputAsync(["scale", "deployment", deployment, "-n", AddonNamespace, $"--replicas={replicas}"]);
        await Patience.UntilAsync($"{deployment} has {replicas} pods", async () =>
        {
            var pods = JsonNode.Parse(await Kubectl.OutputAsync(["get", "pods", "-n", AddonNamespace, "-l", $"app={deployment}", "-o", "json"]))!["items"]!.AsArray();
            return pods.Count == replicas && pods.All(pod => (string?)pod!["status"]!["phase"] == "Running");
        });
    }

    private async Task<IReadOnlyList<string?>> RunUndisturbedAsync()
    {
        var run = await FaultRun.StartAsync(Kubectl, await NamespaceAsync("undisturbed"), "undisturbed");
        var ended = await run.SucceededAsync();
        Assert.All(ended["status"]!["stages"]!.AsArray(), stage => Assert.Equal(1, (int)stage!["attempts"]!));
        return ClusterRun.Digests(ended);
    }
}

/// <summary>Tests of the one cluster run one after another: a fault of one must not hit the run of another.</summary>
[CollectionDefinition(nameof(InstalledCluster))]
public sealed class InstalledClusterDefinition : ICollectionFixture<InstalledCluster>;

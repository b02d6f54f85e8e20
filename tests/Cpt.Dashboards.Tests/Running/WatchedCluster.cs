using System.Globalization;
using Cpt.Kubernetes;
using Cpt.StandIn;
using Cpt.Storage;
using Cpt.Tests.Cluster;

namespace Cpt.Dashboards.Tests.Running;

/// <summary>
/// A real API server, the operator as a process, a stand-in for the nodes, and a Prometheus that scrapes. Where the stand-in plays a trainer that never ends, a real one runs beside it with
/// the contract from that pod, so that the curves belong to a run that the operator shows.
/// </summary>
internal sealed class WatchedCluster : IAsyncDisposable
{
    private readonly DirectoryInfo _disk = Directory.CreateTempSubdirectory("cpt-dashboards-");
    private readonly List<IAsyncDisposable> _parts = [];
    private readonly int _operatorPort = Prometheus.FreePort();
    private readonly int _trainerPort = Prometheus.FreePort();
    private TestCluster _cluster = null!;
    private KubernetesClient _client = null!;

    public Prometheus Prometheus { get; private set; } = null!;

    public string Namespace { get; private set; } = null!;

    public ChildProgram Operator { get; private set; } = null!;

    public ChildProgram? Trainer { get; private set; }

    private string Volumes => Path.Combine(_disk.FullName, "volumes");

    public static async Task<WatchedCluster> StartAsync(Scenario scenario)
    {
        var started = new WatchedCluster();
        try
        {
            await started.StartPartsAsync(scenario);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>One document of <c>runs.yaml</c>.</summary>
    public async Task ApplyAsync(string run)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "Cpt.Dashboards.Tests", "Running", "runs.yaml"));
        var document = text.Split("\n---\n").Single(document => document.Contains($"metadata: {{name: {run}}}", StringComparison.Ordinal));
        await _cluster.Kubectl.OutputAsync(["apply", "--validate=false", "--namespace", Namespace, "-f", "-"], document);
    }

    public Task WaitForAsync(string run, string reason) => Eventually.ThatAsync(async () =>
    {
        Operator.MustLive();
        return (await _cluster.Kubectl.OutputAsync(["get", "continualrun", run, "--namespace", Namespace, "--output", "jsonpath={.status.reason}"])) == reason;
    });

    /// <summary>A real trainer with the contract of a pod.</summary>
    public async Task TrainAsync(string job)
    {
        var stage = Path.Combine(_disk.FullName, "stage.json");
        await Eventually.ThatAsync(async () =>
        {
            var pods = await _client.ListAsync<Pod>(new() { Namespace = Namespace, LabelSelector = $"job-name={job}" });
            if (pods.Items.FirstOrDefault()?.Metadata.Annotations?.GetValueOrDefault(ClusterStandIn.StageAnnotation) is not { } contract)
            {
                return false;
            }

            await File.WriteAllTextAsync(stage, contract);
            return true;
        });
        Trainer = ChildProgram.Start(
            "Cpt.Trainer", "cpt-trainer", new Dictionary<string, string>(StringComparer.Ordinal) { ["CPT_VOLUMES"] = Volumes, ["CPT_THREADS"] = "1" },
            "--stage", stage, "--port", _trainerPort.ToString(CultureInfo.InvariantCulture), "--work", Path.Combine(_disk.FullName, "work"), "--log", "json");
        _parts.Add(Trainer);
    }

    /// <summary>The pages as they are scraped.</summary>
    public async Task<(string Operator, string Trainer)> PagesAsync()
    {
        using var http = new HttpClient();
        return (await http.GetStringAsync(Page(_operatorPort)), await http.GetStringAsync(Page(_trainerPort)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Enumerable.Reverse(_parts))
        {
            await part.DisposeAsync();
        }

        _client?.Dispose();
        _disk.Delete(recursive: true);
    }

    private static Uri Page(int port) => new($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/metrics");

    private async Task StartPartsAsync(Scenario scenario)
    {
        Directory.CreateDirectory(Path.Combine(Volumes, "checkpoints"));
        // The stand-in has no part in the models, but Prometheus must be had before minutes are spent.
        Prometheus = await Prometheus.StartAsync(
            $"""
            - {"{"}job_name: cpt-operator, honor_labels: true, static_configs: [{"{"}targets: ["127.0.0.1:{_operatorPort.ToString(CultureInfo.InvariantCulture)}"]{"}"}]{"}"}
            - {"{"}job_name: cpt-trainers, static_configs: [{"{"}targets: ["127.0.0.1:{_trainerPort.ToString(CultureInfo.InvariantCulture)}"]{"}"}]{"}"}
            """,
            Path.Combine(Repository.Root, "charts", "cpt-operator", "rules", "cpt.yaml"));
        _parts.Add(Prometheus);
        _cluster = await TestCluster.StartAsync();
        _parts.Add(_cluster);
        await RunDefinitions.InstallAsync(_cluster.Kubectl);
        _client = _cluster.CreateClient(new() { FieldManager = "tests" });
        Namespace = await TestCluster.CreateNamespaceAsync(_client);
        var standIn = await ClusterStandIn.StartAsync(
            _client.Cluster,
            new StandInOptions { Namespace = Namespace, Scenario = scenario, Storage = new StorageOptions { Environment = name => name == "CPT_VOLUMES" ? Volumes : null } });
        _parts.Add(standIn);
        Operator = ChildProgram.Start(
            "Cpt.Operator", "cpt-operator", new Dictionary<string, string>(StringComparer.Ordinal),
            "--kubeconfig", _cluster.Kubeconfig, "--leader-elect", "--lease-namespace", Namespace, "--trainer-image", "registry.example/cpt-trainer:1", "--volumes", Volumes,
            "--listen", $"127.0.0.1:{_operatorPort.ToString(CultureInfo.InvariantCulture)}", "--progress", "off");
        _parts.Add(Operator);
        // Counters must have been seen before they move.
        await Eventually.ThatAsync(async () =>
        {
            Operator.MustLive();
            return await Prometheus.HasAsync("leader_election_master_status == 1");
        });
    }
}

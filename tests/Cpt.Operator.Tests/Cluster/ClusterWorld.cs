using System.Collections.Concurrent;
using System.Net;
using Cpt.Api;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Operator.Hosting;
using Cpt.Runs;
using Cpt.StandIn;
using Cpt.Storage;
using Cpt.Tests.Cluster;
using Microsoft.AspNetCore.Builder;

namespace Cpt.Operator.Tests.Cluster;

/// <summary>One namespace of a real API server with a stand-in for its nodes, a storage, and as many operators as a test starts.</summary>
internal sealed class ClusterWorld : IAsyncDisposable
{
    private readonly DirectoryInfo _disk = Directory.CreateTempSubdirectory("cpt-operator-tests-");
    private readonly List<WebApplication> _operators = [];

    private ClusterWorld(TestCluster cluster, KubernetesClient client, string name) => (Cluster, Client, Namespace) = (cluster, client, name);

    public TestCluster Cluster { get; }

    public KubernetesClient Client { get; }

    public string Namespace { get; }

    public ClusterStandIn StandIn { get; private set; } = null!;

    public ConcurrentQueue<string> Troubles { get; } = [];

    public Kubectl Kubectl => field ??= new Kubectl(Cluster.Kubeconfig, Path.Combine(Cluster.Directory, "kubectl-cache"));

    public string Bundle => Path.Combine(_disk.FullName, "bundle");

    public string Volumes => Path.Combine(_disk.FullName, "volumes");

    public CheckpointStore Store => CheckpointStore.Open("pvc://checkpoints/demo", StorageOptions);

    private StorageOptions StorageOptions => new() { Environment = name => name == "CPT_VOLUMES" ? Volumes : null };

    public static async Task<ClusterWorld> OpenAsync(TestCluster cluster, KubernetesClient client, string name, Scenario scenario, bool playsControllers)
    {
        var world = new ClusterWorld(cluster, client, name);
        Directory.CreateDirectory(Path.Combine(world.Volumes, "checkpoints"));
        var model = Directory.CreateDirectory(Path.Combine(world._disk.FullName, "bundle", "models", "tiny")).FullName;
        await File.WriteAllTextAsync(Path.Combine(model, "config.json"), """{"model_type":"tiny"}""");
        await File.WriteAllBytesAsync(Path.Combine(model, "model.safetensors"), [2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}']);
        world.StandIn = await ClusterStandIn.StartAsync(
            client.Cluster,
            new StandInOptions
            {
                Namespace = name,
                Node = "stand-in-" + name,
                PlaysControllers = playsControllers,
                Scenario = scenario,
                Storage = world.StorageOptions,
                ProgressPort = 0,
                OnTrouble = world.Troubles.Enqueue,
            },
            TestContext.Current.CancellationToken);
        return world;
    }

    public ContinualRun Run(Func<ContinualRunSpec, ContinualRunSpec>? change = null, string name = "demo") => A.Run(change) is var run
        ? run with
        {
            Metadata = new() { Name = name, Namespace = Namespace },
            Spec = run.Spec with { BaseModel = new BaseModelSettings { Uri = "bundled://models/tiny" } },
        }
        : throw new InvalidOperationException();

    /// <summary>An operator for this namespace alone. Stopped with the world, or by <see cref="StopAsync"/>.</summary>
    /// <param name="change">Other options.</param>
    /// <param name="adjust">Other settings.</param>
    /// <param name="identity">As whom; null: as the administrator.</param>
    public async Task<WebApplication> StartOperatorAsync(Func<OperatorOptions, OperatorOptions>? change = null, Action<OperatorSettings>? adjust = null, ClusterConfig? identity = null)
    {
        var options = new OperatorOptions
        {
            Namespace = Namespace,
            LeaderElect = false,
            TrainerImage = "registry.example/cpt-trainer:1",
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Volumes = Volumes,
            Bundle = Bundle,
            Cache = Path.Combine(_disk.FullName, "cache"),
            ProgressPort = StandIn.ProgressPort,
            Log = LogStyle.Text,
            Meter = "Cpt.Operator." + Namespace,
        };
        var application = OperatorHost.Build((change ?? (same => same))(options), identity ?? Client.Cluster, adjust);
        _operators.Add(application);
        await application.StartAsync(TestContext.Current.CancellationToken);
        return application;
    }

    public async Task StopAsync(WebApplication application)
    {
        _operators.Remove(application);
        await application.StopAsync(CancellationToken.None);
        await application.DisposeAsync();
    }

    public async Task<RunObject> CreateAsync(ContinualRun run) => await Client.CreateAsync(RunObject.Of(run), cancellation: TestContext.Current.CancellationToken);

    public Task<RunObject> PatchAsync(string json, string name = "demo") => Client.PatchAsync<RunObject>(name, Namespace, Patch.Merge(A.Json(json)));

    public Task<RunObject> GetAsync(string name = "demo") => Client.GetAsync<RunObject>(name, Namespace);

    public async Task<ContinualRunStatus?> StatusAsync(string name = "demo") => (await GetAsync(name)).Status.Value;

    public Task<ContinualRunStatus> WaitForAsync(string reason, string name = "demo") => WaitForAsync(status => status.Reason == reason, name);

    public async Task<ContinualRunStatus> WaitForAsync(Func<ContinualRunStatus, bool> condition, string name = "demo")
    {
        ContinualRunStatus? last = null;
        try
        {
            await Eventually.ThatAsync(async () => (last = await StatusAsync(name)) is { } status && condition(status));
        }
        catch (OperationCanceledException)
        {
            var jobs = string.Join(", ", (await JobsAsync()).Select(job => $"{job.Metadata.Name} [{string.Join(' ', (job.Status?.Conditions ?? []).Select(known => known.Type))}]"));
            Assert.Fail($"waited in vain; the run says {last?.Reason}: {last?.Message} ({string.Join(", ", last?.Stages.Select(stage => $"{stage.Name} {stage.State} {stage.Attempts}/{stage.JudgedAttempts}") ?? [])}); Jobs: {jobs}; troubles: {string.Join(" | ", Troubles)}");
        }

        return last!;
    }

    public async Task<IReadOnlyList<Job>> JobsAsync() => [.. (await Client.ListAsync<Job>(new() { Namespace = Namespace })).Items.OrderBy(job => job.Metadata.CreationTimestamp).ThenBy(job => job.Metadata.Name, StringComparer.Ordinal)];

    public async Task<IReadOnlyList<string>> JobNamesAsync() => [.. (await JobsAsync()).Select(job => job.Metadata.Name!).Order(StringComparer.Ordinal)];

    public async Task<IReadOnlyList<Event>> EventsAsync(string name = "demo") =>
        [.. (await Client.ListAsync<Event>(new() { Namespace = Namespace })).Items.Where(told => told.Regarding?.Kind == "ContinualRun" && told.Regarding.Name == name)];

    public async ValueTask DisposeAsync()
    {
        foreach (var application in _operators.ToList())
        {
            await StopAsync(application);
        }

        await StandIn.DisposeAsync();
        _disk.Delete(recursive: true);
    }
}

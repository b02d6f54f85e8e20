using System.Collections.Concurrent;
using System.Text.Json;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Storage;
using Cpt.Tests.Cluster;

namespace Cpt.StandIn.Tests;

/// <summary>One namespace with a stand-in at work in it, and a storage.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly DirectoryInfo _storage = Directory.CreateTempSubdirectory("cpt-stand-in-tests-");

    private Stage(TestCluster cluster, KubernetesClient client, string name) => (Cluster, Client, Namespace) = (cluster, client, name);

    public TestCluster Cluster { get; }

    public KubernetesClient Client { get; }

    public string Namespace { get; }

    public ClusterStandIn StandIn { get; private set; } = null!;

    /// <summary>What the stand-in had to try again.</summary>
    public ConcurrentQueue<string> Troubles { get; } = [];

    public CheckpointStore Store => CheckpointStore.Open(StorageUri);

    private string StorageUri => "file://" + _storage.FullName;

    public static async Task<Stage> OpenAsync(TestCluster cluster, KubernetesClient client, string name, StandInOptions options)
    {
        var stage = new Stage(cluster, client, name);
        // One node a namespace: the stand-ins of tests that run side by side must not take each other's pods.
        stage.StandIn = await ClusterStandIn.StartAsync(
            client.Cluster, options with { Namespace = name, Node = "stand-in-" + name, OnTrouble = stage.Troubles.Enqueue }, TestContext.Current.CancellationToken);
        return stage;
    }

    public async ValueTask DisposeAsync()
    {
        await StandIn.DisposeAsync();
        _storage.Delete(recursive: true);
    }

    /// <summary>A Job as an operator makes one.</summary>
    public Job NewJob(string name, StageSpec? spec = null) => new()
    {
        Metadata = new() { Name = name, Namespace = Namespace },
        Spec = new()
        {
            BackoffLimit = 0,
            Template = new()
            {
                Metadata = new() { Labels = new() { ["team"] = "ml" }, Annotations = spec is null ? null : new() { [ClusterStandIn.StageAnnotation] = Text(spec) } },
                Spec = new()
                {
                    RestartPolicy = "Never",
                    TerminationGracePeriodSeconds = 5,
                    AutomountServiceAccountToken = false,
                    Containers = [new() { Name = "trainer", Image = "none" }],
                },
            },
        },
    };

    public async Task<Job> CreateJobAsync(string name, StageSpec? spec = null, Action<Job>? change = null)
    {
        var job = NewJob(name, spec);
        change?.Invoke(job);
        return await Client.CreateAsync(job);
    }

    public StageSpec Spec(string stage, int attempt = 1, bool baseline = false)
    {
        var hash = Digests.OfText(stage)[..40];
        var task = new TaskInput { Name = stage, Uri = "pvc://data/" + stage, Digest = Digests.OfText("task " + stage) };
        return new()
        {
            Namespace = Namespace,
            Run = "demo",
            Stage = stage,
            Index = 0,
            Attempt = attempt,
            StageHash = hash,
            StorageUri = StorageUri,
            BaseModel = new() { Uri = "pvc://models/base", Digest = Digests.OfText("base") },
            Input = new() { Uri = "pvc://models/base", Digest = Digests.OfText("base") },
            Training = new() { Method = StageMethod.SFT, Task = task, Optimization = new() { LearningRate = 1e-5, BatchSize = 8 } },
            Checkpoint = new(),
            Evaluation = new()
            {
                Tasks = [task],
                Benchmarks = [new() { Name = "general", Uri = "pvc://data/general", Digest = Digests.OfText("general") }],
                Baseline = baseline,
                BaselineTasks = baseline ? [task] : [],
            },
        };
    }

    public Task<Job> JobAsync(string name) => Client.GetAsync<Job>(name, Namespace);

    public async Task<IReadOnlyList<Pod>> PodsAsync(string job) =>
        (await Client.ListAsync<Pod>(new() { Namespace = Namespace, LabelSelector = "job-name=" + job })).Items;

    public async Task<Pod> PodAsync(string job) => Assert.Single(await PodsAsync(job));

    /// <summary>The Job once it has ended.</summary>
    public async Task<Job> EndOfAsync(string name)
    {
        Job? job = null;
        await Eventually.ThatAsync(async () => (job = await JobAsync(name)) is { IsComplete: true } or { IsFailed: true });
        return job!;
    }

    public Task RunningAsync(string job) => Eventually.ThatAsync(async () => (await PodsAsync(job)) is [{ Status.Phase: "Running" }]);

    public static StageResult ResultOf(Pod pod) =>
        JsonSerializer.Deserialize(pod.Status!.ContainerStatuses![0].State!.Terminated!.Message!, ContractJson.Default.StageResult)!;

    private static string Text(StageSpec spec) => JsonSerializer.Serialize(spec, ContractJson.Default.StageSpec);
}

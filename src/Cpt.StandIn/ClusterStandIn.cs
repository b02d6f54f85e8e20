using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>
/// Plays what is behind the API server, for the Jobs of runs on a real one: Job controller and garbage collector (unless a real kube-controller-manager does),
/// scheduler, kubelet, and the trainer in the pod. Jobs and Pods are real objects; only who writes their status is not. Made for tests and measurements with thousands
/// of Jobs: everything follows from watches, a Job costs five calls (<see cref="CallCounts"/>), and the same seed and scenario give the same result.
/// </summary>
public sealed class ClusterStandIn : IAsyncDisposable
{
    /// <summary>Where the pod template carries stage.json.</summary>
    public const string StageAnnotation = "cpt.dev/stage";

    private const string UserAgent = "cpt-stand-in";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly KubernetesClient _client;
    private readonly CancellationTokenSource _end = new();
    private readonly CallCounts _calls;
    private Kubelet? _kubelet;
    private ProgressServer? _progress;
    private int _disposed;
    private Task _running = Task.CompletedTask;

    private ClusterStandIn(KubernetesClient client, CallCounts calls) => (_client, _calls) = (client, calls);

    /// <summary>What it cost the API server until now.</summary>
    public CallCounts Calls => _calls;

    /// <summary>Where /progress is answered, at every pod's own address.</summary>
    public int ProgressPort => _progress?.Port ?? throw new InvalidOperationException($"{nameof(StandInOptions)}.{nameof(StandInOptions.ProgressPort)} is null: /progress is not served");

    /// <summary>Ends only with a fault, or when disposed.</summary>
    public Task Completion => _running;

    /// <summary>Plays from the moment this returns; Jobs that are there already are taken up. The kind ContinualRun, if it is to be an owner, must be installed before.</summary>
    public static async Task<ClusterStandIn> StartAsync(ClusterConfig cluster, StandInOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new();
        var calls = new CallCounts();
        var client = new KubernetesClient(cluster, new()
        {
            Json = [StandInJson.Default],
            FieldManager = UserAgent,
            UserAgent = UserAgent,
            Time = options.Time,
            WrapHandler = calls.Counting,
        });
        var standIn = new ClusterStandIn(client, calls);
        try
        {
            await standIn.StartAsync(options, cancellation);
            return standIn;
        }
        catch
        {
            await standIn.DisposeAsync();
            throw;
        }
    }

    /// <summary>As a cluster that loses power: pods that run stay as they are written.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _end.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_kubelet is not null)
        {
            // Whoever clears the storage away must not meet a trainer that writes there. A script that listens to nobody is left behind.
            await Task.WhenAny(_kubelet.Ended, Task.Delay(s_patience));
        }

        if (_progress is not null)
        {
            await _progress.DisposeAsync();
        }

        _client.Dispose();
        _end.Dispose();
    }

    private async Task StartAsync(StandInOptions options, CancellationToken cancellation)
    {
        var kubelet = _kubelet = new Kubelet(_client, options);
        kubelet.Start(_end.Token);
        if (options.ProgressPort is { } port)
        {
            _progress = await ProgressServer.StartAsync(port, kubelet.Addresses, cancellation);
        }

        var feeds = new List<IFeed>();
        var parts = new List<Task>();
        if (options.PlaysControllers)
        {
            await StartControllersAsync(options, kubelet, feeds, parts, cancellation);
        }
        else
        {
            feeds.Add(new Feed<Pod>(_client, options.Namespace, JobLabels.OldName, kubelet.OnPod, options.OnTrouble));
            parts.Add(NodeRecord.KeepAsync(_client, options, _end.Token));
        }

        _running = Task.WhenAll([.. parts, .. feeds.Select(feed => feed.RunAsync(_end.Token))]);
        await Task.WhenAny(_running, Task.WhenAll(feeds.Select(feed => feed.Synced))).WaitAsync(cancellation);
        if (_running.IsFaulted)
        {
            await _running;
        }
    }

    private async Task StartControllersAsync(StandInOptions options, Kubelet kubelet, List<IFeed> feeds, List<Task> parts, CancellationToken cancellation)
    {
        JobController? controller = null;
        GarbageCollector? garbage = null;
        var jobs = new Feed<Job>(_client, options.Namespace, null, (type, job) =>
        {
            garbage!.OnJob(type, job);
            controller!.OnJob(type, job);
        }, options.OnTrouble);
        var pods = new Feed<Pod>(_client, options.Namespace, JobLabels.OldName, (type, pod) =>
        {
            kubelet.OnPod(type, pod);
            controller!.OnPod(type, pod);
            garbage!.OnPod(type, pod);
        }, options.OnTrouble);
        controller = new(_client, jobs, pods, options);
        garbage = new(_client, jobs, pods, options);
        if (await _client.HasAsync<RunRecord>(cancellation))
        {
            feeds.Add(new Feed<RunRecord>(_client, options.Namespace, null, garbage.OnRun, options.OnTrouble));
        }

        feeds.AddRange([pods, jobs]);
        parts.AddRange([garbage.RunAsync(_end.Token), ControlAsync()]);

        // Pods of Jobs that were there before must be known before new ones are created for them.
        async Task ControlAsync()
        {
            await pods.Synced;
            await controller.RunAsync(_end.Token);
        }
    }
}

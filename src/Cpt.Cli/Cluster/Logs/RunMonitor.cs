using System.Runtime.ExceptionServices;
using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Cluster.Logs;

/// <summary>A run and its pods as they are at every moment, and a way to wait for what they will be.</summary>
internal sealed class RunMonitor : IAsyncDisposable
{
    private readonly ClusterSession _session;
    private readonly string _name;
    private readonly CancellationTokenSource _stop;
    private readonly Task _following;
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? _failure;
    private volatile RunObject? _run;
    private volatile IReadOnlyCollection<Pod> _pods = [];

    private RunMonitor(ClusterSession session, RunObject run, IReadOnlyCollection<Pod> pods)
    {
        (_session, _run, _pods, _name) = (session, run, pods, run.Metadata.Name!);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(session.Stop);
        _following = Task.WhenAll(Task.Run(FollowRunAsync), Task.Run(FollowPodsAsync));
    }

    /// <summary>Null once it is deleted.</summary>
    public RunObject? Run => _run;

    public IReadOnlyCollection<Pod> Pods => _pods;

    public static async Task<RunMonitor> StartAsync(ClusterSession session, RunObject run) => new(session, run, await PodsAsync(session, run.Metadata.Name!));

    /// <summary>All pods of a run, each with its labels.</summary>
    public static async Task<IReadOnlyCollection<Pod>> PodsAsync(ClusterSession session, string run) =>
        [.. (await session.Client.ListAsync<Pod>(PodsOf(session, run), session.Stop)).Items];

    /// <summary>The first thing that <paramref name="look"/> finds; it looks now and after each change.</summary>
    /// <exception cref="KubernetesException">The server refuses to show the run or its pods.</exception>
    public async Task<T> UntilAsync<T>(Func<T?> look, CancellationToken cancellation)
        where T : class
    {
        while (true)
        {
            // Taken before looking, so that no change in between is missed.
            var changed = _changed.Task;
            if (look() is { } found)
            {
                return found;
            }

            if (_failure is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>What the watches have not shown yet: before something is said to be the last.</summary>
    public async Task RefreshPodsAsync() => _pods = await PodsAsync(_session, _name);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _following;
        }
        catch (OperationCanceledException)
        {
            // As asked for.
        }

        _stop.Dispose();
    }

    private static ListOptions PodsOf(ClusterSession session, string run) => new() { Namespace = session.Namespace, LabelSelector = $"{Labels.Run}={run}" };

    private Task FollowRunAsync() => FollowAsync<RunObject>(
        new() { Namespace = _session.Namespace, FieldSelector = "metadata.name=" + _name },
        runs => _run = runs.GetValueOrDefault(_name));

    private Task FollowPodsAsync() => FollowAsync<Pod>(PodsOf(_session, _name), pods => _pods = [.. pods.Values]);

    private async Task FollowAsync<T>(ListOptions which, Action<IReadOnlyDictionary<string, T>> take)
        where T : class, IKubernetesObject
    {
        try
        {
            await foreach (var objects in Live.ObjectsAsync<T>(_session, which, _ => { }, _stop.Token))
            {
                take(objects);
                Changed();
            }
        }
        catch (Exception error) when (!_stop.IsCancellationRequested)
        {
            // Nothing may end this in silence, or whoever waits would wait for ever: whoever waits now, and whoever comes later, is told.
            _failure = error;
            Changed();
        }
    }

    private void Changed() => Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}

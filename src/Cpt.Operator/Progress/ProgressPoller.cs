using System.Net.Http.Json;
using System.Text.Json;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Operator.Hosting;
using Cpt.Operator.Jobs;
using Cpt.Operator.Observing;
using Cpt.Operator.Runs;
using Cpt.Runs;
using Microsoft.Extensions.Hosting;

namespace Cpt.Operator.Progress;

/// <summary>
/// Asks running trainers how far they are. A reconcile never waits for it: an answer that tells something new wakes its run. A trainer that cannot be reached is only not shown; its Job says
/// whether it lives.
/// </summary>
internal sealed class ProgressPoller(
    IInformerCache<Pod> pods, IInformerCache<RunObject> runs, RunMemories memories, IRequeue<RunObject> requeue, KubernetesClient client, OperatorOptions options, TimeProvider time)
    : BackgroundService
{
    /// <summary>Between two questions to one trainer, at least.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(2);

    /// <summary>Questions a second, over all trainers: each new answer is a status to write, so thousands of trainers are asked less often.</summary>
    private const int MostEachTick = 50;

    private const int MostAtOnce = 16;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30), ConnectTimeout = s_timeout })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = 64 << 10,
    };

    private readonly Dictionary<string, long> _asked = new(StringComparer.Ordinal);

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Progress == ProgressWay.Off)
        {
            return;
        }

        using var timer = new PeriodicTimer(s_tick, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await Parallel.ForEachAsync(Due(), new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = stoppingToken }, AskAsync);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Trainers of runs that this process looks after, those not asked for longest first.</summary>
    private List<Pod> Due()
    {
        var running = pods.List().Where(IsTraining).ToList();
        var living = running.Select(pod => pod.Metadata.Uid!).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _asked.Keys.Where(uid => !living.Contains(uid)).ToList())
        {
            _asked.Remove(gone);
        }

        var due = running
            .Where(pod => !_asked.TryGetValue(pod.Metadata.Uid!, out var asked) || time.GetElapsedTime(asked) >= Interval)
            .OrderBy(pod => _asked.GetValueOrDefault(pod.Metadata.Uid!))
            .Take(MostEachTick)
            .ToList();
        due.ForEach(pod => _asked[pod.Metadata.Uid!] = time.GetTimestamp());
        return due;
    }

    private bool IsTraining(Pod pod) => pod.Metadata.DeletionTimestamp is null && pod.Status?.PodIP is { Length: > 0 } && PodReasons.Trainer(pod)?.State?.Running is not null && Reports(pod) && RunOf(pod) is not null;

    /// <summary>Of several pods the first: their workers are at the same step, and only worker 0 commits checkpoints.</summary>
    private static bool Reports(Pod pod) => pod.Metadata.Annotations?.GetValueOrDefault(Peers.IndexAnnotation) is null or "0";

    private (RunObject Run, RunMemory Memory, string Job)? RunOf(Pod pod)
    {
        if (pod.Metadata.Labels?.GetValueOrDefault(Labels.Run) is { } name
            && pod.Metadata.OwnerReferences?.Find(owner => owner.Controller == true) is { } job
            && runs.Get(pod.Metadata.Namespace, name) is { } run
            && memories.Find(run.Metadata.Uid!) is { } memory)
        {
            return (run, memory, job.Name);
        }

        return null;
    }

    private async ValueTask AskAsync(Pod pod, CancellationToken cancellation)
    {
        if (RunOf(pod) is not var (run, memory, job))
        {
            return;
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(s_timeout);
        try
        {
            var progress = await ReadAsync(pod, end.Token);
            var before = memory.Progress;
            if (progress is null || (before?.Job == job && Same(before.Progress, progress)))
            {
                return;
            }

            memory.Progress = new ProgressSeen(job, progress);
            requeue.Enqueue(ObjectKey.Of(run));
        }
        catch (Exception error) when (error is HttpRequestException or KubernetesException or JsonException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // Not listening yet, gone already, or out of reach.
        }
    }

    private async Task<StageProgress?> ReadAsync(Pod pod, CancellationToken cancellation)
    {
        if (options.Progress == ProgressWay.Proxy)
        {
            var answer = await client.RawAsync(HttpMethod.Get, $"/api/v1/namespaces/{pod.Metadata.Namespace}/pods/{pod.Metadata.Name}:{options.ProgressPort}/proxy/progress", cancellation: cancellation);
            return answer?.Deserialize(ContractJson.Default.StageProgress);
        }

        var address = pod.Status!.PodIP!;
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        return await _http.GetFromJsonAsync(new Uri($"http://{host}:{options.ProgressPort}/progress"), ContractJson.Default.StageProgress, cancellation);
    }

    /// <summary>Only what a status shows; losses and rates are for Prometheus.</summary>
    private static bool Same(StageProgress one, StageProgress other) =>
        one.Step == other.Step && one.Steps == other.Steps && one.CheckpointStep == other.CheckpointStep && one.Phase == other.Phase;
}

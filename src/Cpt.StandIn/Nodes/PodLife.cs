using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Storage;

namespace Cpt.StandIn;

/// <summary>One pod from its start to its end, as scheduler and kubelet write it down.</summary>
internal sealed class PodLife
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly Kubelet _node;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly CancellationTokenRegistration _end;
    private readonly AttemptScript _script;
    private readonly TrainerPlay? _trainer;
    private readonly PodAttempt _attempt;
    private volatile Pod _pod;
    private IPAddress? _address;

    public PodLife(Kubelet node, Pod pod, CancellationToken cancellation)
    {
        (_node, _pod) = (node, pod);
        _end = cancellation.UnsafeRegister(static life => ((PodLife)life!).Vanish(), this);
        _attempt = new(pod, SpecOf(pod));
        _script = node.Options.Scenario.ScriptOf(_attempt);
        _trainer = _attempt is { Spec: { } spec, Index: 0 }
            ? new(spec, _script, node.Options.Scenario, CheckpointStore.Open(spec.StorageUri, node.Options.Storage), Time)
            : null;
    }

    /// <summary>Null while there is no trainer that could tell.</summary>
    public StageProgress? Progress => _pod.Status?.Phase == "Running" ? _trainer?.Progress : null;

    private TimeProvider Time => _node.Options.Time;

    private CancellationToken Gone => _gone.Token;

    /// <summary>Its deletion was asked for.</summary>
    public void Stop(Pod pod)
    {
        _pod = pod;
        _stop.Cancel();
    }

    /// <summary>It is no more: nothing is written about it any longer.</summary>
    public void Vanish() => _gone.Cancel();

    public bool IsGone => _gone.IsCancellationRequested;

    public bool IsStopped => _stop.IsCancellationRequested && !_gone.IsCancellationRequested;

    /// <summary>Gives the address back. The two sources stay: the watch may still call for their cancellation.</summary>
    public void Release()
    {
        _end.Dispose();
        if (_address is not null)
        {
            _node.Addresses.Free(_address);
        }
    }

    public async Task RunAsync()
    {
        // Who watches the feed must not wait for the first call.
        await Task.Yield();
        if (_script.Ending is Ending.Unschedulable)
        {
            await PatchAsync(PodStatuses.Unschedulable(Time.GetUtcNow()));
            await WaitForStopAsync();
            return;
        }

        await BindAsync();
        _address = _node.Addresses.Take(ObjectKey.Of(_pod).ToString(), this);
        var started = Time.GetUtcNow();
        if (_script.Ending is Ending.ImageMissing)
        {
            await PatchAsync(PodStatuses.Waiting(_pod, _address.ToString(), "ImagePullBackOff", $"Back-off pulling image \"{_pod.Spec.Containers[0].Image}\"", started));
            await WaitForStopAsync();
            await EndAsync(new(TrainerEnd.Killed, null), started);
            return;
        }

        if (_node.Options.ShowsRunning || _script.Ending is not Ending.Completes)
        {
            await PatchAsync(PodStatuses.Running(_pod, _address.ToString(), started));
        }

        await EndAsync(await RunContainerAsync(), started);
    }

    private async Task<PodEnd?> RunContainerAsync()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, Gone);
        try
        {
            var end = await (_trainer?.RunAsync(stop.Token) ?? RunPlainAsync(stop.Token));
            switch (_script.Ending)
            {
                case Ending.NodeLost:
                    await PersistAsync(() => _node.RemoveAsync(_pod, Gone));
                    return null;
                case Ending.Preempted:
                    await PatchAsync(PodStatuses.Disrupted(_pod, "PreemptionByScheduler", "a pod of higher priority needs the place", Time.GetUtcNow()));
                    await Owners.DeleteAsync(_node.Client, _pod, new(), Gone);
                    await WaitForStopAsync();
                    return await SaveAsync();
                default:
                    return PodEnd.Of(end, _script.Ending);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested && !_gone.IsCancellationRequested)
        {
            return await SaveAsync();
        }
        catch (StageFailureException failure)
        {
            _node.Options.OnTrouble($"pod {ObjectKey.Of(_pod)}: {failure.Message}");
            return new(failure.ExitCode, _attempt.Spec is not { } spec ? null : new()
            {
                Stage = spec.Stage,
                Attempt = spec.Attempt,
                StageHash = spec.StageHash,
                ExitCode = failure.ExitCode,
                Reason = failure.Reason,
                Message = failure.Message,
            });
        }
    }

    /// <summary>A pod that commits nothing: a helper of an Indexed Job, or no stage at all.</summary>
    private async Task<TrainerEnd> RunPlainAsync(CancellationToken stop)
    {
        await Task.Delay(_script.Ending is Ending.Never ? Timeout.InfiniteTimeSpan : _script.Duration, Time, stop);
        if (_script.Until is { } until)
        {
            await until(stop);
        }

        return new(_script.Ending switch { Ending.Completes => ExitCodes.Done, Ending.Exits exits => exits.Code, _ => TrainerEnd.Killed }, null);
    }

    private async Task<PodEnd> SaveAsync()
    {
        var grace = TimeSpan.FromSeconds(_pod.Metadata.DeletionGracePeriodSeconds ?? _pod.Spec.TerminationGracePeriodSeconds ?? 30);
        var end = _trainer is null
            ? new TrainerEnd(_script.SavesWhenStopped ? ExitCodes.Stopped : TrainerEnd.Terminated, null)
            : await _trainer.SaveAsync(grace, Gone);
        return new(end.ExitCode, end.Result);
    }

    private async Task EndAsync(PodEnd? end, DateTimeOffset started)
    {
        if (end is not null)
        {
            await PatchAsync(PodStatuses.Ended(_pod, end, started, Time.GetUtcNow()));
        }

        // The last word is the kubelet's: only now does a deleted pod disappear.
        if (_stop.IsCancellationRequested)
        {
            await PersistAsync(() => _node.RemoveAsync(_pod, Gone));
        }
    }

    private async Task BindAsync()
    {
        if (_pod.Spec.NodeName is { Length: > 0 })
        {
            return;
        }

        var path = $"/api/v1/namespaces/{_pod.Metadata.Namespace}/pods/{_pod.Metadata.Name}/binding";
        var binding = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Binding",
            ["metadata"] = new JsonObject { ["name"] = _pod.Metadata.Name },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = _node.Options.Node },
        };
        await PersistAsync(async () =>
        {
            try
            {
                await _node.Client.RawAsync(HttpMethod.Post, path, binding, Gone);
            }
            catch (KubernetesException error) when (error.IsConflict)
            {
                // Bound already, by a call whose answer was lost.
            }
        });
    }

    private Task PatchAsync(Patch patch) => PersistAsync(async () =>
        _pod = await _node.Client.PatchStatusAsync<Pod>(_pod.Metadata.Name!, _pod.Metadata.Namespace, patch, cancellation: Gone));

    /// <summary>A kubelet whose API server is away tells later.</summary>
    private async Task PersistAsync(Func<Task> call)
    {
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (KubernetesException error) when (error.IsNotFound)
            {
                await _gone.CancelAsync();
                Gone.ThrowIfCancellationRequested();
            }
            catch (Exception error) when (error is KubernetesException { IsTransient: true } || (error is OperationCanceledException && !IsGone))
            {
                _node.Options.OnTrouble($"pod {ObjectKey.Of(_pod)}: {error.Message}");
                await Task.Delay(s_pause, Time, Gone);
            }
        }
    }

    private async Task WaitForStopAsync()
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, Gone);
        await Task.Delay(Timeout.InfiniteTimeSpan, Time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Gone.ThrowIfCancellationRequested();
    }

    private static StageSpec? SpecOf(Pod pod) =>
        pod.Metadata.Annotations?.TryGetValue(ClusterStandIn.StageAnnotation, out var text) == true
            ? JsonSerializer.Deserialize(text, ContractJson.Default.StageSpec)
            : null;
}

using System.Collections.Concurrent;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>Plays scheduler and kubelet: every pod gets a life, and what the watch tells about it.</summary>
internal sealed class Kubelet(KubernetesClient client, StandInOptions options)
{
    /// <summary>By uid, until the pod is gone; null once it has lived: what the watch tells late must not begin a second life.</summary>
    private readonly ConcurrentDictionary<string, PodLife?> _lives = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _living = new(StringComparer.Ordinal);
    private CancellationToken _cancellation = CancellationToken.None;

    public KubernetesClient Client => client;

    public StandInOptions Options => options;

    public PodAddresses Addresses { get; } = new(options.Seed);

    public void Start(CancellationToken cancellation) => _cancellation = cancellation;

    /// <summary>Completes when nobody trains any more, and nothing more is written to a storage.</summary>
    public Task Ended => Task.WhenAll(_living.Values);

    public void OnPod(WatchEventType type, Pod pod)
    {
        var uid = pod.Metadata.Uid!;
        if (type == WatchEventType.Deleted)
        {
            if (_lives.TryRemove(uid, out var ended))
            {
                ended?.Vanish();
            }

            return;
        }

        if (pod.Spec.NodeName is { Length: > 0 } node && node != options.Node)
        {
            return;
        }

        if (!_lives.TryGetValue(uid, out var life))
        {
            life = pod.Status?.Phase is "Succeeded" or "Failed" ? null : new PodLife(this, pod, _cancellation);
            _lives[uid] = life;
            if (life is not null)
            {
                var living = LiveAsync(pod, life);
                _living[uid] = living;
                _ = living.ContinueWith(_ => _living.TryRemove(KeyValuePair.Create(uid, living)), TaskScheduler.Default);
            }
        }

        if (pod.Metadata.DeletionTimestamp is null || (life is null && pod.Metadata.DeletionGracePeriodSeconds == 0))
        {
            // Without a grace the server needs nobody to take it out.
            return;
        }

        if (life is not null)
        {
            life.Stop(pod);
        }
        else
        {
            // Left by an earlier stand-in, or deleted in the moment of its end.
            _ = ForgetAsync(pod);
        }
    }

    /// <summary>Takes a pod out of the API at once.</summary>
    public Task RemoveAsync(Pod pod, CancellationToken cancellation) => Owners.DeleteAsync(client, pod, new() { GracePeriodSeconds = 0 }, cancellation);

    private async Task LiveAsync(Pod pod, PodLife life)
    {
        try
        {
            await life.RunAsync();
        }
        catch (OperationCanceledException) when (life.IsGone)
        {
            // The pod is gone, or the stand-in stops.
        }
        catch (Exception error)
        {
            options.OnTrouble($"pod {ObjectKey.Of(pod)}: {error}");
        }
        finally
        {
            _lives.TryUpdate(pod.Metadata.Uid!, null, life);
            life.Release();
        }

        if (life.IsStopped)
        {
            await ForgetAsync(pod);
        }
    }

    private async Task ForgetAsync(Pod pod)
    {
        try
        {
            await RemoveAsync(pod, _cancellation);
        }
        catch (Exception error) when (error is KubernetesException or OperationCanceledException)
        {
            options.OnTrouble($"pod {ObjectKey.Of(pod)}: {error.Message}");
        }
    }
}

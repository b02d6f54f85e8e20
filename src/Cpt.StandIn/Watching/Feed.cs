using System.Collections.Concurrent;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

internal interface IFeed
{
    /// <summary>The first list has been told.</summary>
    Task Synced { get; }

    Task RunAsync(CancellationToken cancellation);
}

/// <summary>
/// All objects of a kind, and a call for every change, in order. After a relist the differences are told as changes, so that what vanished unseen is told too.
/// </summary>
internal sealed class Feed<T>(KubernetesClient client, string? @namespace, string? labels, Action<WatchEventType, T> onChange, Action<string> onTrouble) : IFeed
    where T : class, IKubernetesObject
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<ObjectKey, T> _items = new();
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Synced => _synced.Task;

    public ICollection<T> Items => _items.Values;

    public T? Get(ObjectKey key) => _items.GetValueOrDefault(key);

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                try
                {
                    var position = await ListAsync(cancellation);
                    _synced.TrySetResult();
                    await foreach (var change in client.WatchAsync<T>(new() { Namespace = @namespace, LabelSelector = labels, ResourceVersion = position }, cancellation))
                    {
                        if (change.Type != WatchEventType.Bookmark)
                        {
                            Apply(change.Type, change.Object);
                        }
                    }
                }
                catch (ResourceExpiredException)
                {
                    // Too far behind: the list tells what was missed.
                }
                catch (KubernetesException error) when (error.IsTransient && Synced.IsCompletedSuccessfully)
                {
                    onTrouble($"{ResourceKind.Of<T>()}: {error.Message}");
                    await Task.Delay(s_pause, cancellation);
                }
            }
        }
        catch (Exception error)
        {
            _synced.TrySetException(error);
            throw;
        }
    }

    private async Task<string> ListAsync(CancellationToken cancellation)
    {
        var list = await client.ListAsync<T>(new() { Namespace = @namespace, LabelSelector = labels }, cancellation);
        var present = list.Items.ToDictionary(item => ObjectKey.Of(item));
        foreach (var (key, item) in _items)
        {
            if (!present.TryGetValue(key, out var now) || now.Metadata.Uid != item.Metadata.Uid)
            {
                Apply(WatchEventType.Deleted, item);
            }
        }

        foreach (var item in list.Items)
        {
            var known = Get(ObjectKey.Of(item));
            if (known?.Metadata.ResourceVersion != item.Metadata.ResourceVersion)
            {
                Apply(known is null ? WatchEventType.Added : WatchEventType.Modified, item);
            }
        }

        return list.ResourceVersion;
    }

    private void Apply(WatchEventType type, T item)
    {
        if (type == WatchEventType.Deleted)
        {
            _items.TryRemove(ObjectKey.Of(item), out _);
        }
        else
        {
            _items[ObjectKey.Of(item)] = item;
        }

        onChange(type, item);
    }
}

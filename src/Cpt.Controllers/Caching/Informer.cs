using Cpt.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

/// <summary>What the host needs of an informer, whatever its kind.</summary>
internal interface IInformer
{
    string Kind { get; }

    bool HasSynced { get; }

    /// <summary>Why it is not up to date at the moment; null when it is, as far as it knows.</summary>
    string? Problem { get; }

    /// <summary>Ends when cancelled, and only then.</summary>
    Task RunAsync(CancellationToken cancellation);

    Task WaitForSyncAsync(CancellationToken cancellation);
}

/// <summary>
/// Keeps the cache of one kind: lists it, then follows its watch from the list's moment. Where the server no longer knows what happened since (410), it lists again and
/// swaps the whole; what was deleted meanwhile is told as deleted. There is no resync by the clock: a watch that goes on from where it stood misses nothing.
/// </summary>
internal sealed class Informer<T> : IInformer
    where T : class, IKubernetesObject
{
    private static readonly Backoff s_backoff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));

    private readonly KubernetesClient _client;
    private readonly InformerDeclaration<T> _declaration;
    private readonly OperatorSettings _settings;
    private readonly OperatorMetrics _metrics;
    private readonly ILogger _logger;
    private readonly string? _namespace;
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringPool _pool;
    private Action<T?, T?>[] _handlers = [];
    private volatile string? _problem = "not listed yet";

    public Informer(KubernetesClient client, InformerDeclaration<T> declaration, OperatorSettings settings, StringPool pool, OperatorMetrics metrics, ILogger<Informer<T>> logger)
    {
        (_client, _declaration, _settings, _pool, _metrics, _logger) = (client, declaration, settings, pool, metrics, logger);
        _namespace = ResourceKind.Of<T>().Namespaced ? settings.Namespace : null;
        Cache = new(declaration.Indexes);
    }

    public InformerCache<T> Cache { get; }

    public string Kind { get; } = ResourceKind.Of<T>().ToString();

    public bool HasSynced => Cache.HasSynced;

    public string? Problem => _problem;

    /// <summary>Called after the cache has taken up a change: with what was there before, and what is there now; null for nothing.</summary>
    public void Subscribe(Action<T?, T?> handler)
    {
        Action<T?, T?>[] before;
        do
        {
            before = _handlers;
        }
        while (Interlocked.CompareExchange(ref _handlers, [.. before, handler], before) != before);
    }

    public Task WaitForSyncAsync(CancellationToken cancellation) => _synced.Task.WaitAsync(cancellation);

    public async Task RunAsync(CancellationToken cancellation)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                var version = await ListAsync(cancellation);
                await foreach (var change in _client.WatchAsync<T>(Watch(version), cancellation))
                {
                    failures = 0;
                    _problem = null;
                    Take(change);
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (ResourceExpiredException exception)
            {
                _problem = "the watch lost its place; listing again";
                _logger.Expired(Kind, exception.Message);
                if (failures == 0)
                {
                    continue;
                }
            }
            catch (KubernetesException exception)
            {
                // Not allowed, or no such kind: somebody may still grant it, or install it.
                _problem = exception.Message;
                _logger.Refused(exception, Kind, s_backoff.After(failures));
            }

            await Delay(s_backoff.After(failures), cancellation);
        }
    }

    private WatchOptions Watch(string version) => new()
    {
        ResourceVersion = version,
        Namespace = _namespace,
        LabelSelector = _declaration.LabelSelector,
        ConnectionLifetime = _settings.WatchLifetime,
        OnReconnect = reason =>
        {
            if (reason is not null)
            {
                _problem = reason.Message;
                _logger.Reconnecting(Kind, reason.Message);
            }
        },
    };

    private async Task<string> ListAsync(CancellationToken cancellation)
    {
        var (started, first) = (_settings.Time.GetTimestamp(), !HasSynced);
        var (items, version) = await ReadAsync(cancellation);
        var changes = Cache.Replace(items);
        _problem = null;
        foreach (var (before, after) in changes)
        {
            Tell(before, after);
        }

        _synced.TrySetResult();
        _logger.Listed(Kind, items.Count, changes.Count, _settings.Time.GetElapsedTime(started).TotalMilliseconds);
        if (!first)
        {
            _metrics.Relists.Add(1, new KeyValuePair<string, object?>("kind", Kind));
        }

        return version;
    }

    private async Task<(List<T> Items, string Version)> ReadAsync(CancellationToken cancellation)
    {
        var options = new ListOptions { Namespace = _namespace, LabelSelector = _declaration.LabelSelector, Limit = _settings.PageSize };
        var items = new List<T>();
        while (true)
        {
            try
            {
                var page = await _client.ListPageAsync<T>(options, cancellation);
                items.EnsureCapacity(items.Count + page.Items.Count + (int)(page.RemainingItemCount ?? 0));
                foreach (var item in page.Items)
                {
                    // Page by page, so that no more than one page is in memory with all its fields.
                    items.Add(Prepare(item));
                }

                if (page.Continue is null)
                {
                    return (items, page.ResourceVersion);
                }

                options = options with { Continue = page.Continue };
            }
            catch (ResourceExpiredException) when (options.Continue is not null)
            {
                // Too slow for the server's memory of that moment: all at once cannot be.
                items.Clear();
                options = options with { Continue = null, Limit = 0 };
            }
        }
    }

    internal void Take(in WatchEvent<T> change)
    {
        switch (change.Type)
        {
            case WatchEventType.Added or WatchEventType.Modified:
                var item = Prepare(change.Object);
                Tell(Cache.Put(item), item);
                break;
            case WatchEventType.Deleted:
                // Told with its last state, which may be newer than what the cache had.
                var last = Prepare(change.Object);
                Cache.Remove(ObjectKey.Of(last));
                Tell(last, null);
                break;
            default:
                break; // a bookmark moves the watch's own position
        }
    }

    private T Prepare(T item)
    {
        item = _declaration.Transform is { } transform ? transform(item) : item;
        _pool.Compact(item.Metadata);
        return item;
    }

    private void Tell(T? before, T? after)
    {
        if (before is not null && after is not null && before.Metadata.Uid != after.Metadata.Uid)
        {
            // Another object of the same name: the one's end and the other's beginning, though nobody saw the moment between.
            Tell(before, null);
            before = null;
        }

        foreach (var handler in Volatile.Read(ref _handlers))
        {
            try
            {
                handler(before, after);
            }
            catch (Exception exception)
            {
                _logger.HandlerFailed(exception, Kind, ObjectKey.Of((after ?? before)!));
            }
        }
    }

    private async Task Delay(TimeSpan delay, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(delay, _settings.Time, cancellation);
        }
        catch (OperationCanceledException)
        {
            // The loop ends at its next call.
        }
    }
}

using System.Runtime.CompilerServices;

namespace Cpt.Kubernetes;

/// <content>Watch.</content>
public sealed partial class KubernetesClient
{
    // An API server that restarts is back within seconds; whoever waits half a minute by then has missed it.
    private static readonly RetryPolicy s_reopen = new() { MaxAttempts = int.MaxValue, FirstDelay = TimeSpan.FromMilliseconds(100), MaxDelay = TimeSpan.FromSeconds(5) };

    /// <summary>
    /// Every change after <see cref="WatchOptions.ResourceVersion"/>, once and in order. When the connection ends or breaks, or the server is away, it goes on from the
    /// last event or bookmark, for as long as it takes.
    /// </summary>
    /// <param name="options">What, and from where on.</param>
    /// <param name="cancellation">Ends the watch.</param>
    /// <exception cref="ResourceExpiredException">The server no longer knows what happened since: list anew, then watch from there.</exception>
    /// <exception cref="KubernetesException">Refused for good: not allowed, no such kind.</exception>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(WatchOptions options, [EnumeratorCancellation] CancellationToken cancellation = default)
        where T : IKubernetesObject
    {
        if (options.ResourceVersion is null or "" or "0")
        {
            throw new ArgumentException("a watch begins at the resourceVersion of a list: without one, what was missed while reconnecting could not be told", nameof(options));
        }

        var kind = ResourceKind.Of<T>();
        var position = options.ResourceVersion;
        for (var failures = 0; ; failures++)
        {
            await using var connection = await OpenWatchAsync<T>(kind, options, position, cancellation);
            var opened = _options.Time.GetTimestamp();
            KubernetesException? ended = null;
            while (ended is null)
            {
                WatchEvent<T>? next;
                try
                {
                    next = await connection.NextAsync(cancellation);
                }
                catch (KubernetesException exception) when (exception.IsTransient)
                {
                    // The server's own trouble (a lost etcd leader), told as the last event.
                    ended = exception;
                    break;
                }

                if (next is not { } change)
                {
                    break;
                }

                failures = 0;
                NameKind(change.Object, kind);
                position = change.Object.Metadata.ResourceVersion ?? position;
                yield return change;
            }

            options.OnReconnect?.Invoke(ended ?? connection.Broken);
            // A connection that lived for a while ended in the course of things; one that ends at once again and again must not turn into a storm.
            if (_options.Time.GetElapsedTime(opened) > s_reopen.MaxDelay)
            {
                failures = 0;
            }

            await Task.Delay(s_reopen.DelayAfter(failures + 1), _options.Time, cancellation);
        }
    }

    private async Task<WatchConnection<T>> OpenWatchAsync<T>(ResourceKind kind, WatchOptions options, string position, CancellationToken cancellation)
        where T : IKubernetesObject
    {
        var type = JsonTypeOf<T>();
        for (var attempt = 1; ; attempt++)
        {
            // Spread, so that the watches of many clients that began together do not all end together.
            var lifetime = options.ConnectionLifetime ?? TimeSpan.FromMinutes(5 * (1 + Random.Shared.NextDouble()));
            var path = new Query(kind.PathOf(options.Namespace))
                .Add("watch", "true")
                .Add("allowWatchBookmarks", "true")
                .Add("labelSelector", options.LabelSelector)
                .Add("fieldSelector", options.FieldSelector)
                .Add("resourceVersion", position)
                .Add("timeoutSeconds", (long)Math.Max(1, lifetime.TotalSeconds))
                .ToString();
            try
            {
                var response = await _sender.OpenAsync(Get("watch", path), cancellation);
                return new(response, type, "GET " + path, options.InactivityTimeout, _options.Time);
            }
            catch (KubernetesException exception) when (exception.IsTransient)
            {
                options.OnReconnect?.Invoke(exception);
                await Task.Delay(s_reopen.DelayAfter(attempt) + (exception.RetryAfter ?? TimeSpan.Zero), _options.Time, cancellation);
            }
        }
    }
}

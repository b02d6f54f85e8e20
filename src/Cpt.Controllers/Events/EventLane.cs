using System.Globalization;
using System.Threading.Channels;
using Cpt.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

/// <summary>
/// Writes the events of its share of the objects, one after another. The same one again becomes a count on the first, and an object that has much to say is written about at
/// the pace of its <see cref="TokenBucket"/>: a repetition without a token is counted here and written with the next one; anything else is dropped.
/// </summary>
internal sealed class EventLane(
    ChannelReader<Observation> observations, IEventSink sink, EventSource source, OperatorMetrics metrics, TimeProvider time, ILogger logger)
{
    // As in client-go: a series ends when nothing of it was seen for so long.
    private static readonly TimeSpan s_seriesEnds = TimeSpan.FromMinutes(6);
    private const int MaxRemembered = 1024;

    private readonly RecentlyUsed<EventKey, Series> _series = new(MaxRemembered);
    private readonly RecentlyUsed<string, TokenBucket> _buckets = new(MaxRemembered);

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var observation in observations.ReadAllAsync(cancellation))
            {
                await TakeAsync(observation, cancellation);
            }

            foreach (var series in _series.Values.Where(series => series.Count > series.Written))
            {
                await CountAsync(series, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The time for what is left is over.
        }
    }

    private async Task TakeAsync(Observation observation, CancellationToken cancellation)
    {
        var (key, now) = (observation.Key, time.GetTimestamp());
        if (_series.TryGet(key, out var series) && time.GetElapsedTime(series.SeenAt, now) < s_seriesEnds)
        {
            (series.Count, series.Last, series.SeenAt) = (series.Count + 1, observation.At, now);
            if (TakeToken(key.Uid) && !await CountAsync(series, cancellation))
            {
                // Perhaps it is gone, for events live an hour: the next one begins anew.
                _series.Remove(key);
            }

            return;
        }

        if (!TakeToken(key.Uid))
        {
            metrics.EventsDropped.Add(1, new KeyValuePair<string, object?>("why", "too many of one object"));
            return;
        }

        series = new(EventOf(observation)) { Last = observation.At, SeenAt = now };
        if (await WriteAsync(() => sink.CreateAsync(series.Event, cancellation), series.Event, cancellation))
        {
            _series.Put(key, series);
        }
    }

    private async Task<bool> CountAsync(Series series, CancellationToken cancellation)
    {
        var count = series.Count;
        if (!await WriteAsync(() => sink.CountAsync(series.Event, count, series.Last, cancellation), series.Event, cancellation))
        {
            return false;
        }

        series.Written = count;
        return true;
    }

    private async Task<bool> WriteAsync(Func<Task> write, Event item, CancellationToken cancellation)
    {
        try
        {
            await write();
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // Events are for people who look; a namespace that is being deleted takes none.
            metrics.EventsDropped.Add(1, new KeyValuePair<string, object?>("why", "refused"));
            logger.NotWritten(item.Reason!, item.Regarding!.Kind!, item.Regarding.Name!, exception.Message);
            return false;
        }
    }

    private bool TakeToken(string uid)
    {
        if (!_buckets.TryGet(uid, out var bucket))
        {
            _buckets.Put(uid, bucket = new(time));
        }

        return bucket.TryTake();
    }

    private Event EventOf(in Observation observation) => new()
    {
        Metadata = new()
        {
            // A name of its own: two processes may tell about one object in one instant.
            Name = $"{Short(observation.Regarding.Name!)}.{Random.Shared.NextInt64().ToString("x16", CultureInfo.InvariantCulture)}",
            Namespace = observation.Regarding.Namespace ?? "default",
        },
        EventTime = observation.At,
        ReportingController = source.Controller,
        ReportingInstance = source.Instance.Length <= 128 ? source.Instance : source.Instance[..128],
        Action = observation.Key.Action,
        Reason = observation.Key.Reason,
        Regarding = observation.Regarding,
        Note = observation.Key.Note,
        Type = observation.Key.Type.ToString(),
    };

    private static string Short(string name) => name.Length <= 236 ? name : name[..236].TrimEnd('-', '.');

    private sealed class Series(Event item)
    {
        public Event Event { get; } = item;

        public int Count { get; set; } = 1;

        /// <summary>The count the server has.</summary>
        public int Written { get; set; } = 1;

        public DateTimeOffset Last { get; set; }

        public long SeenAt { get; set; }
    }
}

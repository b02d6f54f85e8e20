using System.Threading.Channels;
using Cpt.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

/// <summary>
/// Takes events without waiting and writes them in the background, in several lanes: those of one object stay in order. A lane that is full drops what comes, and counts it:
/// a controller must never stand still because nobody takes its news.
/// </summary>
internal sealed class EventRecorder : IEventRecorder
{
    private const int Lanes = 4;
    private const int Capacity = 2048;

    // Enough for what comes at the end of a stop; an API server that is away takes none of it anyway.
    private static readonly TimeSpan s_flushTimeout = TimeSpan.FromSeconds(5);

    private readonly OperatorMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Channel<Observation>[] _lanes;
    private readonly EventLane[] _writers;

    public EventRecorder(IEventSink sink, OperatorSettings settings, OperatorMetrics metrics, ILogger<EventRecorder> logger)
    {
        (_metrics, _time) = (metrics, settings.Time);
        var source = new EventSource(settings.Name, settings.LeaderElection?.Identity ?? Environment.MachineName);
        _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => Channel.CreateBounded<Observation>(new BoundedChannelOptions(Capacity) { SingleReader = true }))];
        _writers = [.. _lanes.Select(lane => new EventLane(lane.Reader, sink, source, metrics, settings.Time, logger))];
    }

    public void Publish<T>(T regarding, EventType type, string reason, string action, string note)
        where T : class, IKubernetesObject
    {
        var about = ObjectReference.Of(regarding);
        var observation = new Observation(new(about.Uid ?? "", type, reason, action, Cut(note)), about, _time.GetUtcNow());
        var lane = (int)((uint)string.GetHashCode(about.Uid, StringComparison.Ordinal) % Lanes);
        if (!_lanes[lane].Writer.TryWrite(observation))
        {
            _metrics.EventsDropped.Add(1, new KeyValuePair<string, object?>("why", "queue is full"));
        }
    }

    /// <summary>Writes until cancelled, then what is left, for some seconds.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var end = new CancellationTokenSource();
        var writing = Task.WhenAll(_writers.Select(writer => writer.RunAsync(end.Token)));
        await using var stop = stopping.Register(() =>
        {
            foreach (var lane in _lanes)
            {
                lane.Writer.TryComplete();
            }
        });

        // Nothing but the stop ends the writers; a lane that fails is a part of the engine that died.
        var stopped = Task.Delay(Timeout.Infinite, stopping).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        if (await Task.WhenAny(writing, stopped) == stopped)
        {
            await Task.WhenAny(writing, Task.Delay(s_flushTimeout, _time, CancellationToken.None));
            await end.CancelAsync();
        }

        await writing;
    }

    // The server takes 1,024 bytes; a note of long UTF-8 characters is cut where a character ends.
    private static string Cut(string note)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(note) <= 1024)
        {
            return note;
        }

        var cut = new System.Text.StringBuilder();
        var bytes = 0;
        foreach (var rune in note.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > 1024 - "…"u8.Length)
            {
                break;
            }

            cut.Append(rune.ToString());
        }

        return cut.Append('…').ToString();
    }
}

/// <summary>What makes two events the same one, seen again.</summary>
internal sealed record EventKey(string Uid, EventType Type, string Reason, string Action, string Note);

/// <summary>One thing seen.</summary>
internal readonly record struct Observation(EventKey Key, ObjectReference Regarding, DateTimeOffset At);

/// <summary>Who tells.</summary>
internal sealed record EventSource(string Controller, string Instance);

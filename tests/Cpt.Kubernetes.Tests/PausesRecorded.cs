using System.Collections.Concurrent;

namespace Cpt.Kubernetes.Tests;

/// <summary>A clock whose pauses take no time, and are written down. Its own time moves only by <see cref="Advance"/>.</summary>
internal sealed class PausesRecorded : TimeProvider
{
    private long _ticks = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;

    public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Options under which every pause of a client is one of these, and each is exactly as long as the policy says.</summary>
    public KubernetesClientOptions Options => new() { Time = this, RequestTimeout = Timeout.InfiniteTimeSpan, Retry = new() { Random = () => 1 } };

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime == Timeout.InfiniteTimeSpan)
        {
            return new Never();
        }

        Pauses.Enqueue(dueTime);
        Advance(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }

    /// <summary>The limit on a watch's silence: not what these tests are about.</summary>
    private sealed class Never : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

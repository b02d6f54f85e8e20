namespace Cpt.Controllers.Tests;

/// <summary>A clock that stands until it is moved; timers fire in their order while it moves. Its time of day can be set wrong without moving what it measures.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private long _ticks = TimeSpan.FromDays(1000).Ticks;

    /// <summary>How wrong the time of day is.</summary>
    public TimeSpan Skew { get; set; }

    /// <summary>How fast it runs beside a right clock.</summary>
    public double Rate { get; init; } = 1;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>When the next timer fires, from now; null: there is none.</summary>
    public TimeSpan? NextTimer
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count == 0 ? null : TimeSpan.FromTicks(_timers.Min(timer => timer.Due) - _ticks);
            }
        }
    }

    /// <summary>How often a timer was set.</summary>
    public int TimesArmed { get; private set; }

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(GetTimestamp()) + Skew;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        var end = GetTimestamp() + (long)(by.Ticks * Rate);
        while (Next(end) is { } timer)
        {
            timer.Fire();
        }

        Interlocked.Exchange(ref _ticks, end);
    }

    private ManualTimer? Next(long end)
    {
        lock (_gate)
        {
            var timer = _timers.MinBy(timer => timer.Due);
            if (timer is null || timer.Due > end)
            {
                return null;
            }

            _timers.Remove(timer);
            Interlocked.Exchange(ref _ticks, Math.Max(_ticks, timer.Due));
            return timer;
        }
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public long Due { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._ticks + dueTime.Ticks;
                    time._timers.Add(this);
                    time.TimesArmed++;
                }
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

using System.Threading.Channels;
using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>
/// The objects that want to be looked at, each at most once, in the order they came. An object that is added while it is worked on is handed out again afterwards: never to
/// two workers at once, and never forgotten. Delays are kept by one timer that is set for the earliest of them.
/// </summary>
internal sealed class WorkQueue : IDisposable
{
    // A timer's longest delay is 49 days; a longer one is set again on the way.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Backoff _backoff;
    private readonly QueueMetrics _metrics;
    private readonly ITimer _timer;
    private readonly Dictionary<ObjectKey, Item> _items = [];
    private readonly Channel<Item> _ready = Channel.CreateUnbounded<Item>();
    private readonly PriorityQueue<Item, long> _waiting = new();
    private readonly HashSet<Item> _working = [];
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _armedFor = long.MaxValue;
    private int _depth;
    private bool _shutDown;

    public WorkQueue(TimeProvider time, Backoff backoff, QueueMetrics metrics)
    {
        (_time, _backoff, _metrics) = (time, backoff, metrics);
        _timer = time.CreateTimer(static queue => ((WorkQueue)queue!).AddDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        metrics.Observe(this);
    }

    /// <summary>How many wait for a worker.</summary>
    public int Depth => Volatile.Read(ref _depth);

    /// <summary>Times that are kept, void ones among them.</summary>
    internal int Waiting => _waiting.Count;

    /// <summary>Those a worker has, by how long.</summary>
    public (TimeSpan Longest, TimeSpan Sum, int Count) Working()
    {
        lock (_gate)
        {
            var (longest, sum, now) = (TimeSpan.Zero, TimeSpan.Zero, _time.GetTimestamp());
            foreach (var item in _working)
            {
                var taken = _time.GetElapsedTime(item.StartedAt, now);
                longest = taken > longest ? taken : longest;
                sum += taken;
            }

            return (longest, sum, _working.Count);
        }
    }

    public void Add(ObjectKey key)
    {
        lock (_gate)
        {
            if (!_shutDown)
            {
                Add(ItemOf(key));
            }
        }
    }

    /// <summary>Adds it when the delay is over; of several delays the earliest counts.</summary>
    public void AddAfter(ObjectKey key, TimeSpan delay)
    {
        lock (_gate)
        {
            if (_shutDown)
            {
                return;
            }

            var item = ItemOf(key);
            if (delay <= TimeSpan.Zero)
            {
                Add(item);
                return;
            }

            _metrics.Delayed();
            var due = DueIn(delay);
            if (due < item.Due)
            {
                item.Due = due;
                Wait(item, due);
            }
        }
    }

    /// <summary>Waits for somebody to add it, this long at the most. Unlike a delay this is void once it is handed out: whoever looked has looked.</summary>
    public void PutOff(ObjectKey key, TimeSpan limit)
    {
        lock (_gate)
        {
            if (!_shutDown)
            {
                _metrics.Delayed();
                var item = ItemOf(key);
                item.PutOffUntil = DueIn(limit);
                Wait(item, item.PutOffUntil);
            }
        }
    }

    /// <summary>Adds it after a delay that doubles each time, until <see cref="Forget"/>.</summary>
    /// <returns>The delay.</returns>
    public TimeSpan AddRateLimited(ObjectKey key)
    {
        lock (_gate)
        {
            var delay = _backoff.After(ItemOf(key).Failures++);
            AddAfter(key, delay);
            return delay;
        }
    }

    /// <summary>It went well: the next failure is the first one again.</summary>
    public void Forget(ObjectKey key)
    {
        lock (_gate)
        {
            if (_items.TryGetValue(key, out var item))
            {
                item.Failures = 0;
                DropIfIdle(item);
            }
        }
    }

    /// <summary>How often it failed since it was last forgotten.</summary>
    public int Failures(ObjectKey key)
    {
        lock (_gate)
        {
            return _items.GetValueOrDefault(key)?.Failures ?? 0;
        }
    }

    /// <summary>The next one, which is the caller's alone until <see cref="Done"/>.</summary>
    /// <returns>Null when the queue is shut down.</returns>
    public async ValueTask<ObjectKey?> TakeAsync(CancellationToken cancellation = default)
    {
        while (await _ready.Reader.WaitToReadAsync(cancellation))
        {
            lock (_gate)
            {
                if (_shutDown)
                {
                    return null;
                }

                if (_ready.Reader.TryRead(out var item))
                {
                    _depth--;
                    item.IsDirty = false;
                    item.PutOffUntil = long.MaxValue;
                    item.StartedAt = _time.GetTimestamp();
                    _working.Add(item);
                    _metrics.Taken(_time.GetElapsedTime(item.AddedAt, item.StartedAt));
                    return item.Key;
                }
            }
        }

        return null;
    }

    public void Done(ObjectKey key)
    {
        lock (_gate)
        {
            if (!_items.TryGetValue(key, out var item) || !_working.Remove(item))
            {
                throw new InvalidOperationException($"{key} was not taken from the queue");
            }

            _metrics.Done(_time.GetElapsedTime(item.StartedAt));
            if (item.IsDirty && !_shutDown)
            {
                MakeReady(item);
            }
            else
            {
                DropIfIdle(item);
            }

            if (_shutDown && _working.Count == 0)
            {
                _drained.TrySetResult();
            }
        }
    }

    /// <summary>Nothing is taken up or handed out any more. What waited is lost here and found again by whoever lists the objects next.</summary>
    /// <returns>Ends when all that workers have is done.</returns>
    public Task ShutDown()
    {
        lock (_gate)
        {
            _shutDown = true;
            _ready.Writer.TryComplete();
            if (_working.Count == 0)
            {
                _drained.TrySetResult();
            }

            return _drained.Task;
        }
    }

    public void Dispose()
    {
        _ = ShutDown();
        _timer.Dispose();
    }

    private Item ItemOf(ObjectKey key)
    {
        if (!_items.TryGetValue(key, out var item))
        {
            _items[key] = item = new(key);
        }

        return item;
    }

    private void Add(Item item)
    {
        if (item.IsDirty)
        {
            return;
        }

        _metrics.Added();
        item.IsDirty = true;
        item.AddedAt = _time.GetTimestamp();
        if (!_working.Contains(item))
        {
            MakeReady(item);
        }
    }

    private long DueIn(TimeSpan delay) => _time.GetTimestamp() + (long)Math.Ceiling(delay.TotalSeconds * _time.TimestampFrequency);

    private void Wait(Item item, long due)
    {
        _waiting.Enqueue(item, due);
        // An earlier time leaves the later one behind, which may be days away: the void ones must not become the most.
        if (_waiting.Count > 64 + (4 * _items.Count))
        {
            _waiting.Clear();
            foreach (var waits in _items.Values)
            {
                if (waits.Due != long.MaxValue)
                {
                    _waiting.Enqueue(waits, waits.Due);
                }

                if (waits.PutOffUntil != long.MaxValue)
                {
                    _waiting.Enqueue(waits, waits.PutOffUntil);
                }
            }
        }

        Arm();
    }

    private void MakeReady(Item item)
    {
        _depth++;
        _ready.Writer.TryWrite(item);
    }

    private void DropIfIdle(Item item)
    {
        if (item is { IsDirty: false, Failures: 0, Due: long.MaxValue, PutOffUntil: long.MaxValue } && !_working.Contains(item))
        {
            _items.Remove(item.Key);
        }
    }

    private void AddDue()
    {
        lock (_gate)
        {
            _armedFor = long.MaxValue;
            var now = _time.GetTimestamp();
            while (!_shutDown && _waiting.TryPeek(out var item, out var due) && due <= now)
            {
                _waiting.Dequeue();
                // Neither: an earlier delay took the place of this one, or what it waited for came.
                if (item.Due == due || item.PutOffUntil == due)
                {
                    item.Due = item.Due == due ? long.MaxValue : item.Due;
                    item.PutOffUntil = item.PutOffUntil == due ? long.MaxValue : item.PutOffUntil;
                    Add(item);
                }
            }

            Arm();
        }
    }

    private void Arm()
    {
        if (!_shutDown && _waiting.TryPeek(out _, out var due) && due < _armedFor)
        {
            _armedFor = due;
            var delay = _time.GetElapsedTime(_time.GetTimestamp(), due);
            // Timers count whole milliseconds; one that is rounded down fires before its time and has to be set again.
            delay = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, delay.TotalMilliseconds)));
            _timer.Change(delay < s_longest ? delay : s_longest, Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class Item(ObjectKey key)
    {
        public ObjectKey Key { get; } = key;

        /// <summary>Wants to be handed out: it stands in the queue, or will once it is done.</summary>
        public bool IsDirty { get; set; }

        public int Failures { get; set; }

        public long AddedAt { get; set; }

        public long StartedAt { get; set; }

        /// <summary>When a delay ends, if there is one.</summary>
        public long Due { get; set; } = long.MaxValue;

        /// <summary>When waiting for another reason to be handed out ends, if it waits.</summary>
        public long PutOffUntil { get; set; } = long.MaxValue;
    }
}

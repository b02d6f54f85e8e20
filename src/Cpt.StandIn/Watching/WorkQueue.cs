using System.Threading.Channels;

namespace Cpt.StandIn;

/// <summary>Keys that need a look. One key is never worked on twice at a time; what comes in meanwhile is looked at once more afterwards. A failure is tried again.</summary>
internal sealed class WorkQueue<TKey>(Func<TKey, CancellationToken, Task> work, int workers, TimeProvider time, Action<string> onTrouble)
    where TKey : notnull
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly Channel<TKey> _ready = Channel.CreateUnbounded<TKey>();
    private readonly Dictionary<TKey, State> _states = [];
    private readonly Lock _lock = new();

    private enum State
    {
        Waiting,
        AtWork,
        AtWorkAndChanged,
    }

    public void Add(TKey key)
    {
        lock (_lock)
        {
            if (_states.TryGetValue(key, out var state))
            {
                _states[key] = state == State.Waiting ? state : State.AtWorkAndChanged;
                return;
            }

            _states[key] = State.Waiting;
        }

        _ready.Writer.TryWrite(key);
    }

    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(cancellation), cancellation)));

    private async Task WorkAsync(CancellationToken cancellation)
    {
        await foreach (var key in _ready.Reader.ReadAllAsync(cancellation))
        {
            lock (_lock)
            {
                _states[key] = State.AtWork;
            }

            var failed = false;
            try
            {
                await work(key, cancellation);
            }
            catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                onTrouble($"{key}: {error.Message}");
                failed = true;
            }

            Done(key);
            if (failed)
            {
                _ = AddLaterAsync(key, cancellation);
            }
        }
    }

    private async Task AddLaterAsync(TKey key, CancellationToken cancellation)
    {
        await Task.Delay(s_pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Add(key);
    }

    private void Done(TKey key)
    {
        lock (_lock)
        {
            if (!_states.Remove(key, out var state) || state != State.AtWorkAndChanged)
            {
                return;
            }

            _states[key] = State.Waiting;
        }

        _ready.Writer.TryWrite(key);
    }
}

namespace Cpt.Controllers;

/// <summary>
/// Whether this process may write. Open while the lease is certain to be ours: until the renew deadline counted from <em>before</em> the last renewal was sent, by this
/// machine's monotonic clock. Others wait a whole lease duration, counted from <em>after</em> they saw that renewal, by theirs; so no two are ever open at once, whatever the
/// time of day is anywhere, as long as the clocks run about equally fast.
/// </summary>
internal sealed class WriteFence : IDisposable
{
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _term = new();
    private long _until;

    public WriteFence(TimeProvider time, bool isElected)
    {
        _time = time;
        // Where there is no election there is nobody else.
        _until = isElected ? long.MinValue : long.MaxValue;
    }

    public bool IsOpen => _time.GetTimestamp() < Volatile.Read(ref _until);

    /// <summary>Timestamp at which it closes by itself.</summary>
    public long Until => Volatile.Read(ref _until);

    /// <summary>Cancelled when the lease is lost: what is on its way is broken off.</summary>
    public CancellationToken Term => _term.Token;

    /// <param name="started">Timestamp before the write of the lease was sent.</param>
    /// <param name="deadline">How long it is good for.</param>
    public void Open(long started, TimeSpan deadline) => Volatile.Write(ref _until, started + (long)(deadline.TotalSeconds * _time.TimestampFrequency));

    /// <summary>For good: a process that led once and lost leads no more.</summary>
    public void Close()
    {
        Volatile.Write(ref _until, long.MinValue);
        _term.Cancel();
    }

    public void Dispose() => _term.Dispose();
}

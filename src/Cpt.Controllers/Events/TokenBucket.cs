namespace Cpt.Controllers;

/// <summary>How much may be told about one object: client-go's spam filter, 25 at once and then one in 300 s.</summary>
internal sealed class TokenBucket(TimeProvider time)
{
    private const double Burst = 25;
    private static readonly TimeSpan s_refill = TimeSpan.FromSeconds(300);

    private double _tokens = Burst;
    private long _countedAt = time.GetTimestamp();

    public bool TryTake()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(Burst, _tokens + (time.GetElapsedTime(_countedAt, now) / s_refill));
        _countedAt = now;
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}

namespace Cpt.Controllers;

/// <summary>min(<paramref name="Max"/>, <paramref name="First"/> · 2ⁿ) after n earlier failures.</summary>
internal readonly record struct Backoff(TimeSpan First, TimeSpan Max)
{
    public TimeSpan After(int failures)
    {
        var delay = First.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 60));
        return delay < Max.TotalMilliseconds ? TimeSpan.FromMilliseconds(delay) : Max;
    }
}

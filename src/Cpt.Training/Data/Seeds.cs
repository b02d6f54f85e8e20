namespace Cpt.Training;

/// <summary>
/// Every random choice of a stage is a pure function of (seed, purpose, step, …), never of a generator that has been running:
/// a resumed stage draws exactly what an undisturbed one would have drawn.
/// </summary>
internal static class Seeds
{
    /// <summary>What a draw is for; two purposes never share a stream.</summary>
    internal enum Purpose : ulong
    {
        DataOrder = 1,
        Rollout = 2,
        StopCheck = 3,
        Preflight = 4,
        Evaluation = 5,
        Pretraining = 6,
        AdapterStart = 7,
        AdapterDropout = 8,
        Instances = 9,
        InstanceControl = 10,
        Probe = 11,

        // Numbers are taken by hand, some for what stands elsewhere: two that are equal would draw the same.
        Replay = 20,
        Fisher = 21,
        Drift = 30,
    }

    /// <summary>64 well-mixed bits of (seed, purpose, a, b).</summary>
    public static ulong Of(long seed, Purpose purpose, long a = 0, long b = 0)
    {
        var hash = Mix(unchecked((ulong)seed) + Golden);
        hash = Mix(hash ^ ((ulong)purpose * Golden));
        hash = Mix(hash ^ unchecked((ulong)a + Golden));
        return Mix(hash ^ unchecked((ulong)b + (2 * Golden)));
    }

    /// <summary>The next number below <paramref name="bound"/>, without modulo bias (Lemire 2019), from a splitmix64 stream.</summary>
    public static int Next(ref ulong state, int bound)
    {
        var limit = (0UL - (ulong)bound) % (ulong)bound;
        while (true)
        {
            state = unchecked(state + Golden);
            var high = Math.BigMul(Mix(state), (ulong)bound, out var low);
            if (low >= limit) return (int)high;
        }
    }

    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>The finaliser of splitmix64 (Steele, Lea and Flood 2014).</summary>
    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}

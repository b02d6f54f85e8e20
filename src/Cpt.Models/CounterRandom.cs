namespace Cpt.Models;

/// <summary>
/// Random numbers without a state: a hash of what they are for. A rollout's numbers depend on (seed, row, position) alone, so
/// they are the same after a resume, on another number of threads, or in another batch.
/// Mixing: the finalizer of splitmix64 (Steele, Lea, Flood 2014), once for each word.
/// </summary>
public static class CounterRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public static double Uniform(ulong seed, long row, long position) => (Hash(seed, row, position) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Standard normal (Box-Muller), for weights of a new model.</summary>
    public static double Normal(ulong seed, long row, long position)
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - Uniform(seed, row, 2 * position)));
        return radius * Math.Cos(2 * Math.PI * Uniform(seed, row, (2 * position) + 1));
    }

    /// <summary>64 random bits.</summary>
    public static ulong Hash(ulong seed, long row, long position) =>
        Mix(Mix(Mix(seed + Golden) + (ulong)row + Golden) + (ulong)position + Golden);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

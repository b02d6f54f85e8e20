namespace Cpt.Tasks;

/// <summary>
/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine and .NET version, unlike <see cref="Random"/>,
/// whose sequence is no promise. Generated tasks are named by their digest, so it has to be one.
/// </summary>
internal sealed class SplitMix64
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong _state;

    /// <summary>Seeds that differ in any part give unrelated sequences.</summary>
    public SplitMix64(ulong seed, params ReadOnlySpan<ulong> parts)
    {
        _state = Mix(seed + Gamma);
        foreach (var part in parts)
            _state = Mix(_state ^ Mix(part + Gamma));
    }

    public ulong Next() => Mix(_state += Gamma);

    /// <summary>Uniform in 0..bound−1 (the bias, at most bound/2⁶⁴, cannot be observed).</summary>
    public int Next(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>Fisher–Yates.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var last = items.Length - 1; last > 0; last--)
        {
            var other = Next(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }

    /// <summary>FNV-1a, 64 bits: names as seeds.</summary>
    public static ulong Hash(string name) => name.Aggregate(0xCBF29CE484222325UL, (hash, character) => (hash ^ character) * 0x100000001B3UL);

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

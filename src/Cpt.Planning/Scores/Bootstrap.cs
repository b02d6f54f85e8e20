namespace Cpt.Planning;

/// <summary>How far a measure could lie from what was seen, had other evaluation samples been drawn.</summary>
internal static class Bootstrap
{
    private const int Resamples = 2000;

    /// <summary>
    /// The percentile interval (Efron 1979) of the mean over groups of the mean over a group's values: samples of each group are drawn anew, with replacement and as many as there are. The groups themselves (tasks) are what was asked
    /// about and stay. Equal values give an equal interval.
    /// </summary>
    /// <param name="groups">At least one, none empty.</param>
    /// <param name="confidence">0..1, for example 0.95.</param>
    public static (double Low, double High) Interval(IReadOnlyList<double[]> groups, double confidence)
    {
        var random = 0x9E3779B97F4A7C15UL;
        var means = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
        {
            var total = 0.0;
            foreach (var group in groups)
            {
                var sum = 0.0;
                for (var drawn = 0; drawn < group.Length; drawn++)
                {
                    sum += group[(int)Math.BigMul(Next(ref random), (ulong)group.Length, out _)];
                }

                total += sum / group.Length;
            }

            means[i] = total / groups.Count;
        }

        Array.Sort(means);
        var tail = (1 - confidence) / 2;
        return (means[(int)Math.Floor(tail * (Resamples - 1))], means[(int)Math.Ceiling((1 - tail) * (Resamples - 1))]);
    }

    /// <summary>SplitMix64 (Steele, Lea and Flood 2014): the interval must not hang on a clock or on the version of .NET.</summary>
    private static ulong Next(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}

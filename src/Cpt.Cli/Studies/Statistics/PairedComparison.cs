using MathNet.Numerics.Distributions;

namespace Cpt.Cli.Studies.Statistics;

/// <summary>
/// A variant beside the baseline, seed by seed: with equal seeds data and order of data are equal too, so that the difference of each pair says more than the difference of two means.
/// </summary>
/// <param name="Difference">Of the pairs, variant − baseline.</param>
/// <param name="TTest">p of the two-sided paired t-test: t = d̄ ∕ (s ∕ √n), n − 1 degrees of freedom. Null for fewer than two pairs. Holds where differences are normally distributed.</param>
/// <param name="Exact">
/// p of the exact two-sided test by exchange within pairs (Fisher): the share of all 2ⁿ choices of signs whose |mean| is at least the one observed. Supposes nothing, but cannot be less than
/// 2 ∕ 2ⁿ. Null for fewer than two pairs, or for more than can be counted.
/// </param>
internal sealed record PairedComparison(Sample Difference, double? TTest, double? Exact)
{
    private const int MostPairsCounted = 20;

    /// <summary>The 95 % interval of the difference includes 0; null where there is none.</summary>
    public bool? WithinNoise => Difference is { Low: { } low, High: { } high } ? low <= 0 && high >= 0 : null;

    /// <param name="pairs">Variant and baseline of one seed each; pairs of which one is not known do not count.</param>
    /// <returns>Null where there is no pair.</returns>
    public static PairedComparison? Of(IEnumerable<(double? Variant, double? Baseline)> pairs)
    {
        double[] differences = [.. pairs.Select(pair => pair.Variant - pair.Baseline).OfType<double>().Where(double.IsFinite)];
        return Sample.Of(differences.Select(value => (double?)value)) is { } sample ? new PairedComparison(sample, StudentTest(sample), SignTest(differences)) : null;
    }

    /// <summary>The smallest p that <see cref="Exact"/> can have with so many pairs.</summary>
    public static double SmallestExact(int pairs) => 2 / Math.Pow(2, pairs);

    private static double? StudentTest(Sample sample) => sample.Deviation switch
    {
        null => null,
        // All pairs differ by the same: no spread to measure it by.
        0 => sample.Mean == 0 ? 1 : 0,
        { } deviation => 2 * StudentT.CDF(0, 1, sample.Count - 1, -Math.Abs(sample.Mean / (deviation / Math.Sqrt(sample.Count)))),
    };

    private static double? SignTest(double[] differences)
    {
        var count = differences.Length;
        if (count is < 2 or > MostPairsCounted)
        {
            return null;
        }

        // Rounding must not make a mirrored choice smaller than the one observed.
        var least = Math.Abs(differences.Sum()) * (1 - 1e-12);
        var extreme = Enumerable.Range(0, 1 << count).Count(signs => Math.Abs(differences.Select((value, index) => (signs >> index & 1) == 0 ? value : -value).Sum()) >= least);
        return (double)extreme / (1 << count);
    }
}

using MathNet.Numerics.Distributions;

namespace Cpt.Cli.Studies.Statistics;

/// <summary>What a handful of seeds says about a mean.</summary>
/// <param name="Count">n: values there are.</param>
/// <param name="Mean">x̄.</param>
/// <param name="Deviation">Sample standard deviation, √(Σ(x − x̄)² ∕ (n − 1)); null for fewer than two values.</param>
internal sealed record Sample(int Count, double Mean, double? Deviation)
{
    /// <summary>Of the intervals.</summary>
    private const double Confidence = 0.95;

    /// <summary>Half the width of the 95 % interval of the mean, t(0.975, n − 1) · s ∕ √n (Student); null for fewer than two values.</summary>
    public double? HalfWidth => Deviation is { } deviation ? StudentT.InvCDF(0, 1, Count - 1, (1 + Confidence) / 2) * deviation / Math.Sqrt(Count) : null;

    public double? Low => Mean - HalfWidth;

    public double? High => Mean + HalfWidth;

    /// <summary>Null where there is no value at all; values that are not known do not count.</summary>
    public static Sample? Of(IEnumerable<double?> values)
    {
        double[] known = [.. values.OfType<double>().Where(double.IsFinite)];
        if (known.Length == 0)
        {
            return null;
        }

        var mean = known.Average();
        return new Sample(known.Length, mean, known.Length < 2 ? null : Math.Sqrt(known.Sum(value => (value - mean) * (value - mean)) / (known.Length - 1)));
    }
}

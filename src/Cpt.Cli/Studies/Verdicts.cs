using System.Globalization;
using Cpt.Cli.Reporting;
using Cpt.Cli.Studies.Statistics;

namespace Cpt.Cli.Studies;

/// <summary>Numbers and findings in words, the same on the terminal, in Markdown and in HTML.</summary>
internal static class Verdicts
{
    public const string Unknown = "–";

    /// <summary>Mean ± sample standard deviation.</summary>
    public static string Text(Sample? sample, MeasureUnit unit) => sample switch
    {
        null => Unknown,
        { Deviation: { } deviation } => $"{Number(sample.Mean, unit)} ± {Number(deviation, MeasureUnit.Count == unit ? unit : MeasureUnit.Percent)}",
        _ => Number(sample.Mean, unit),
    };

    public static string Number(double? value, MeasureUnit unit) => value is not { } number || !double.IsFinite(number)
        ? Unknown
        : unit switch
        {
            MeasureUnit.Points => SummaryTiles.Signed(number),
            MeasureUnit.Count when Math.Abs(number) >= 10_000 => SummaryTiles.Count((long)Math.Round(number)),
            MeasureUnit.Count when Math.Abs(number) >= 100 => number.ToString("0", CultureInfo.InvariantCulture),
            _ => number.ToString("0.0", CultureInfo.InvariantCulture),
        };

    /// <summary><c>+3.1 (−0.4 … +6.6), p 0.07, exact 0.25: within noise</c></summary>
    public static string Text(PairedComparison? comparison)
    {
        if (comparison is not { Difference: { } difference })
        {
            return Unknown;
        }

        var mean = SummaryTiles.Signed(difference.Mean);
        return difference is not { Low: { } low, High: { } high }
            ? $"{mean} (one seed)"
            : $"{mean} ({SummaryTiles.Signed(low)} … {SummaryTiles.Signed(high)}), p {P(comparison.TTest)}{(comparison.Exact is { } exact ? $", exact {P(exact)}" : "")}: {(comparison.WithinNoise == true ? "within noise" : "different")}";
    }

    /// <summary>What so many seeds can and cannot show. One sentence or more, always.</summary>
    public static string Strength(int seeds, int comparisons)
    {
        if (seeds < 2)
        {
            return "With one seed nothing can be said about noise: every difference may be chance.";
        }

        var smallest = P(PairedComparison.SmallestExact(seeds));
        var count = seeds.ToString(CultureInfo.InvariantCulture);
        var few = PairedComparison.SmallestExact(seeds) > 0.05
            ? $"With {count} seeds the exact test can never give less than p = {smallest}, so that by it alone no difference could be called one; the intervals suppose that differences are normally distributed, which {count} values cannot show. Read them as a hint, and take six seeds or more for a claim."
            : $"The smallest p that the exact test can give with {count} seeds is {smallest}.";
        return comparisons < 2
            ? few
            : string.Create(CultureInfo.InvariantCulture, $"{few} {comparisons} differences are judged at 95 % each, without a correction: about one in twenty would be called one by chance alone.");
    }

    private static string P(double? value) => value switch
    {
        null => Unknown,
        < 0.001 => "< 0.001",
        { } p => p.ToString("0.###", CultureInfo.InvariantCulture),
    };
}

using System.Text.Json.Serialization;
using Cpt.Cli.Status;
using Cpt.Cli.Studies.Statistics;

namespace Cpt.Cli.Studies;

/// <summary>What <c>cpt study -o json</c> prints. Scores in percent, differences in points; what is not known is left out.</summary>
/// <param name="Study">Its name.</param>
/// <param name="Baseline">The variant that the others are compared with.</param>
/// <param name="Finished">Runs that succeeded.</param>
/// <param name="Variants">In the order of the manifest.</param>
/// <param name="Runs">Every run.</param>
internal sealed record StudyDocument(string Study, string Baseline, int Finished, IReadOnlyList<VariantDocument> Variants, IReadOnlyList<StudyRunDocument> Runs)
{
    public static StudyDocument Of(StudyResults results) => new(
        results.Study.Metadata.Name,
        results.Baseline,
        results.Finished,
        [.. results.Variants.Select(variant => new VariantDocument(
            variant.Name,
            variant.Description,
            Keyed(results, measure => MeanDocument.Of(results.Mean(variant.Name, measure))),
            variant.Name == results.Baseline ? null : Keyed(results, measure => DifferenceDocument.Of(results.Difference(variant.Name, measure)))))],
        [.. results.Runs.Select(run => new StudyRunDocument(
            run.Status.Run, run.Variant, run.Seed, run.Status.State, run.Status.Reason, run.Status.Message, run.Succeeded ? Keyed(results, measure => measure.Of(run)) : new Dictionary<string, double?>(StringComparer.Ordinal)))]);

    private static Dictionary<string, T?> Keyed<T>(StudyResults results, Func<Measure, T?> value) => results.Known.Select(measure => (measure.Key, Value: value(measure))).Where(entry => entry.Value is not null).ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);
}

/// <param name="Name">Of the variant.</param>
/// <param name="Description">As written.</param>
/// <param name="Measures">Over its finished runs.</param>
/// <param name="FromBaseline">Over the seeds that both have finished; none for the baseline.</param>
internal sealed record VariantDocument(string Name, string? Description, IReadOnlyDictionary<string, MeanDocument?> Measures, IReadOnlyDictionary<string, DifferenceDocument?>? FromBaseline);

/// <param name="Count">Seeds.</param>
/// <param name="Mean">Over them.</param>
/// <param name="Deviation">Sample standard deviation.</param>
/// <param name="Low">Of the 95 % interval of the mean.</param>
/// <param name="High">Likewise.</param>
internal sealed record MeanDocument(int Count, double Mean, double? Deviation, double? Low, double? High)
{
    public static MeanDocument? Of(Sample? sample) => sample is null ? null : new MeanDocument(sample.Count, Round(sample.Mean), Round(sample.Deviation), Round(sample.Low), Round(sample.High));

    public static double Round(double value) => Math.Round(value, 4);

    public static double? Round(double? value) => value is { } number && double.IsFinite(number) ? Math.Round(number, 4) : null;
}

/// <param name="Count">Seeds that both have finished.</param>
/// <param name="Mean">Of variant − baseline, seed by seed.</param>
/// <param name="Deviation">Sample standard deviation of the differences.</param>
/// <param name="Low">Of its 95 % interval.</param>
/// <param name="High">Likewise.</param>
/// <param name="TTest">p of the paired t-test.</param>
/// <param name="Exact">p of the exact test.</param>
/// <param name="WithinNoise">The interval includes 0.</param>
internal sealed record DifferenceDocument(
    int Count, double Mean, double? Deviation, double? Low, double? High, [property: JsonPropertyName("pTTest")] double? TTest, [property: JsonPropertyName("pExact")] double? Exact, bool? WithinNoise)
{
    public static DifferenceDocument? Of(PairedComparison? comparison) => comparison is not { Difference: { } sample }
        ? null
        : new DifferenceDocument(
            sample.Count, MeanDocument.Round(sample.Mean), MeanDocument.Round(sample.Deviation), MeanDocument.Round(sample.Low), MeanDocument.Round(sample.High),
            MeanDocument.Round(comparison.TTest), MeanDocument.Round(comparison.Exact), comparison.WithinNoise);
}

/// <param name="Run">Its name.</param>
/// <param name="Variant">Of the study.</param>
/// <param name="Seed">Likewise.</param>
/// <param name="State">How it stands.</param>
/// <param name="Reason">In a word.</param>
/// <param name="Message">In a sentence.</param>
/// <param name="Measures">Of a run that succeeded.</param>
internal sealed record StudyRunDocument(string Run, string Variant, long Seed, RunState State, string? Reason, string? Message, IReadOnlyDictionary<string, double?> Measures);

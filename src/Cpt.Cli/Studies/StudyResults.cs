using Cpt.Api;
using Cpt.Cli.Studies.Statistics;

namespace Cpt.Cli.Studies;

/// <summary>A study as it stands: every run, and what the finished ones say about their variants. Only runs that succeeded count: half a chain is another experiment.</summary>
/// <param name="Study">With defaults.</param>
/// <param name="Runs">Every run, in the order in which the study has them.</param>
internal sealed record StudyResults(ContinualStudy Study, IReadOnlyList<StudyRunFacts> Runs)
{
    public string Baseline => Study.Spec.Baseline!;

    public IReadOnlyList<StudyVariant> Variants => Study.Spec.Variants;

    public int Finished => Runs.Count(run => run.Succeeded);

    /// <summary>The finished runs of a variant, by seed.</summary>
    public IReadOnlyList<StudyRunFacts> Of(string variant) => [.. Runs.Where(run => run.Variant == variant && run.Succeeded).OrderBy(run => run.Seed)];

    public Sample? Mean(string variant, Measure measure) => Sample.Of(Of(variant).Select(measure.Of));

    /// <summary>Variant − baseline over the seeds that both have finished; null for the baseline itself.</summary>
    public PairedComparison? Difference(string variant, Measure measure)
    {
        var baseline = Of(Baseline).ToDictionary(run => run.Seed);
        return variant == Baseline
            ? null
            : PairedComparison.Of(Of(variant).Where(run => baseline.ContainsKey(run.Seed)).Select(run => (measure.Of(run), measure.Of(baseline[run.Seed]))));
    }

    /// <summary>The measures that at least one run has.</summary>
    public IReadOnlyList<Measure> Known => [.. Measure.All.Where(measure => Runs.Any(run => run.Succeeded && measure.Of(run) is not null))];
}

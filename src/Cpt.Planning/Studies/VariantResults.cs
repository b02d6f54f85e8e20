using System.Globalization;
using Cpt.Api;

namespace Cpt.Planning.Studies;

/// <summary>Mean ± sample standard deviation of each variant over its finished runs, and the same of the differences from the baseline, seed by seed.</summary>
internal sealed class VariantResults(ContinualStudy study, IReadOnlyList<StudyMember> members)
{
    public IReadOnlyList<VariantStatus> All() => [.. study.Spec.Variants.Select(variant => variant.Name).Select(Of)];

    private VariantStatus Of(string variant)
    {
        var all = members.Count(member => member.Wanted.Variant == variant);
        var runs = Finished(variant);
        return new VariantStatus
        {
            Name = variant,
            RunsDone = string.Create(CultureInfo.InvariantCulture, $"{runs.Count}/{all}"),
            AverageAccuracy = Text(runs.Values.Select(status => Number(status.AverageAccuracy))),
            Forgetting = Text(runs.Values.Select(status => Number(status.Forgetting))),
            ForgettingFromPeak = Text(runs.Values.Select(status => Number(status.ForgettingFromPeak))),
            GeneralSkills = Text(runs.Values.Select(status => General(status, last: true))),
            GeneralChange = Text(runs.Values.Select(status => General(status, last: true) - General(status, last: false))),
            AverageAccuracyFromBaseline = variant == study.Spec.Baseline ? null : Difference(runs, status => Number(status.AverageAccuracy)),
            ForgettingFromBaseline = variant == study.Spec.Baseline ? null : Difference(runs, status => Number(status.Forgetting)),
        };
    }

    private Dictionary<long, ContinualRunStatus> Finished(string variant) =>
        members.Where(member => member.Wanted.Variant == variant && member.State == StudyRunState.Succeeded).ToDictionary(member => member.Wanted.Seed, member => member.Seen!.Status!);

    private string? Difference(Dictionary<long, ContinualRunStatus> runs, Func<ContinualRunStatus, double?> measure)
    {
        var baseline = Finished(study.Spec.Baseline!);
        return Text(runs.Where(run => baseline.ContainsKey(run.Key)).Select(run => measure(run.Value) - measure(baseline[run.Key])));
    }

    private static double? General(ContinualRunStatus status, bool last)
    {
        var row = last ? status.Matrix?.Rows.LastOrDefault() : status.Matrix?.Rows.FirstOrDefault();
        var scores = (row?.Benchmarks ?? []).Select(Number).ToList();
        return scores.Count == 0 || scores.Contains(null) ? null : scores.Average();
    }

    private static double? Number(string? text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Null where no run has the value; as a status writes numbers.</summary>
    private static string? Text(IEnumerable<double?> values)
    {
        double[] known = [.. values.OfType<double>()];
        if (known.Length == 0)
        {
            return null;
        }

        var mean = known.Average();
        return known.Length == 1
            ? Shown(mean)
            : $"{Shown(mean)} ± {Shown(Math.Sqrt(known.Sum(value => (value - mean) * (value - mean)) / (known.Length - 1)))}";
    }

    private static string Shown(double value) => (Math.Round(value, 2, MidpointRounding.AwayFromZero) + 0.0).ToString("0.00", CultureInfo.InvariantCulture);
}

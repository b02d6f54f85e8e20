using System.Globalization;
using System.Text;
using Cpt.Cli.Status;

namespace Cpt.Cli.Studies.Reports;

/// <summary>The results as a page of Markdown: how it was made, the variants, their differences from the baseline, every run.</summary>
internal static class StudyMarkdown
{
    public static string Page(StudyResults results, Origin origin)
    {
        var text = new StringBuilder();
        var spec = results.Study.Spec;
        text.Append(CultureInfo.InvariantCulture, $"# {results.Study.Metadata.Name}\n\nMade by\n\n    {origin.Command}\n\n{origin.Sentence}. ");
        text.Append(CultureInfo.InvariantCulture, $"{spec.Variants.Count} variants with {spec.Seeds.Count} seed{(spec.Seeds.Count == 1 ? "" : "s")}: {results.Finished} of {results.Runs.Count} runs finished.\n\n");
        Failed(text, results);
        text.Append(Legend).Append("\n\n");
        Variants(text, results);
        Differences(text, results);
        Runs(text, results);
        Skills(text, results);
        return text.ToString().TrimEnd() + "\n";
    }

    private const string Legend = """
        Scores in percent: mean ± sample standard deviation over the seeds. **new task**: mean score on each task right after learning it. **AvgAcc**: mean over the tasks after the last stage. **FM**: mean over
        earlier tasks of the last score minus the score right after learning, which is also backward transfer; negative = forgotten. **FM from peak**: the same against the best score since. **FWT**: mean over later
        tasks of the score right before learning minus the base model's. **general skills**: mean of the skills that no stage trains, after the last stage; **change of general**: the same minus the base model's.
        **kept by the filter**: share of the samples that the instance filter left. **tokens**, **seconds**: of all stages, loading and scoring included; what variants shared is counted for each.
        """;

    private static void Failed(StringBuilder text, StudyResults results)
    {
        var rest = results.Runs.Where(run => !run.Succeeded).ToList();
        if (rest.Count == 0)
        {
            return;
        }

        text.Append("Not in the tables, since they have not finished:\n\n");
        foreach (var run in rest)
        {
            text.Append(CultureInfo.InvariantCulture, $"- {run.Status.Run}: {State(run)}\n");
        }

        text.Append('\n');
    }

    public static string State(StudyRunFacts run) => run.Status.State switch
    {
        RunState.Failed => $"failed: {run.Status.Reason}: {run.Status.Message}",
        RunState.NotStarted => "not started",
        RunState.Running => "running",
        _ => "interrupted",
    };

    /// <summary>The table of variants alone.</summary>
    public static void Variants(StringBuilder text, StudyResults results)
    {
        var measures = results.Known;
        text.Header(["variant", "seeds", .. measures.Select(measure => measure.Title)]);
        foreach (var variant in results.Variants)
        {
            text.Row(
            [
                $"**{variant.Name}**{(variant.Name == results.Baseline ? " (baseline)" : "")}",
                results.Of(variant.Name).Count.ToString(CultureInfo.InvariantCulture),
                .. measures.Select(measure => Verdicts.Text(results.Mean(variant.Name, measure), measure.Unit)),
            ]);
        }

        text.Append('\n');
        var described = results.Variants.Where(variant => variant.Description is { Length: > 0 }).ToList();
        foreach (var variant in described)
        {
            text.Append(CultureInfo.InvariantCulture, $"- **{variant.Name}**: {variant.Description}\n");
        }

        text.Append(described.Count > 0 ? "\n" : "");
    }

    private static void Differences(StringBuilder text, StudyResults results)
    {
        var measures = Measure.Judged.Where(results.Known.Contains).ToList();
        var others = results.Variants.Where(variant => variant.Name != results.Baseline).ToList();
        if (measures.Count == 0 || others.Count == 0)
        {
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"## Against {results.Baseline}\n\nDifference in points, seed by seed: mean (95 % interval), p of the paired t-test, p of the exact test. *Within noise*: the interval includes 0. ");
        text.Append(CultureInfo.InvariantCulture, $"{Verdicts.Strength(results.Of(results.Baseline).Count, measures.Count * others.Count)}\n\n");
        text.Header(["variant", .. measures.Select(measure => measure.Title)]);
        foreach (var variant in others)
        {
            text.Row([$"**{variant.Name}**", .. measures.Select(measure => Verdicts.Text(results.Difference(variant.Name, measure)))]);
        }

        text.Append('\n');
    }

    private static void Runs(StringBuilder text, StudyResults results)
    {
        var measures = results.Known;
        text.Append("## Every run\n\n").Header(["variant", "seed", .. measures.Select(measure => measure.Title)]);
        foreach (var run in results.Variants.SelectMany(variant => results.Runs.Where(run => run.Variant == variant.Name).OrderBy(run => run.Seed)))
        {
            text.Row([run.Variant, run.Seed.ToString(CultureInfo.InvariantCulture), .. measures.Select(measure => run.Succeeded ? Verdicts.Number(measure.Of(run), measure.Unit) : Verdicts.Unknown)]);
        }

        text.Append('\n');
    }

    private static void Skills(StringBuilder text, StudyResults results)
    {
        var skills = results.Runs.Where(run => run.Succeeded).SelectMany(run => run.Status.Benchmarks.Select(benchmark => benchmark.Name)).Distinct(StringComparer.Ordinal).ToList();
        if (skills.Count < 2)
        {
            return;
        }

        text.Append("## General skills, one by one\n\n").Header(["after", .. skills]);
        text.Row(["base model", .. skills.Select(skill => Text(results.Runs.Where(run => run.Succeeded), skill, last: false))]);
        foreach (var variant in results.Variants)
        {
            text.Row([variant.Name, .. skills.Select(skill => Text(results.Of(variant.Name), skill, last: true))]);
        }

        static string Text(IEnumerable<StudyRunFacts> runs, string skill, bool last) => Verdicts.Text(
            Statistics.Sample.Of(runs.Select(run => run.Status.Benchmarks.FirstOrDefault(benchmark => benchmark.Name == skill)?.Scores is { Count: > 0 } scores ? last ? scores[^1] : scores[0] : null)), MeasureUnit.Percent);
    }
}

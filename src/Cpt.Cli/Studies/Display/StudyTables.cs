using System.Globalization;
using Cpt.Cli.Display;
using Cpt.Cli.Studies.Reports;
using Spectre.Console;

namespace Cpt.Cli.Studies.Display;

/// <summary>The closing tables on a terminal or in a log.</summary>
internal static class StudyTables
{
    public static void Write(IAnsiConsole console, StudyResults results, IReadOnlyList<string> next)
    {
        console.Write(BlankLine.Instance);
        console.MarkupLineInterpolated($"[bold]{results.Study.Metadata.Name}[/]: {results.Finished} of {results.Runs.Count} runs finished");
        foreach (var run in results.Runs.Where(run => !run.Succeeded))
        {
            console.MarkupLineInterpolated($"  {run.Status.Run}: {StudyMarkdown.State(run)}");
        }

        if (results.Finished > 0)
        {
            console.Write(Variants(results));
            console.MarkupLine("[grey]mean ± sample standard deviation over the seeds; scores in percent; FM and changes in points, negative = forgotten[/]");
            Differences(console, results);
        }

        foreach (var line in next)
        {
            console.MarkupLineInterpolated($"{line}");
        }
    }

    private static Table Variants(StudyResults results)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("variant").AddColumn(new TableColumn("n").RightAligned());
        foreach (var measure in results.Known)
        {
            table.AddColumn(new TableColumn(Markup.Escape(measure.Title)).RightAligned());
        }

        foreach (var variant in results.Variants)
        {
            table.AddRow([
                Markup.Escape(variant.Name) + (variant.Name == results.Baseline ? " [grey](baseline)[/]" : ""),
                results.Of(variant.Name).Count.ToString(CultureInfo.InvariantCulture),
                .. results.Known.Select(measure => Markup.Escape(Verdicts.Text(results.Mean(variant.Name, measure), measure.Unit))),
            ]);
        }

        return table;
    }

    private static void Differences(IAnsiConsole console, StudyResults results)
    {
        var others = results.Variants.Where(variant => variant.Name != results.Baseline && results.Of(variant.Name).Count > 0).ToList();
        var measures = Measure.Judged.Where(results.Known.Contains).ToList();
        if (others.Count == 0 || results.Of(results.Baseline).Count == 0)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumn($"against {Markup.Escape(results.Baseline)}");
        measures.ForEach(measure => table.AddColumn(Markup.Escape(measure.Title)));
        foreach (var variant in others)
        {
            table.AddRow([Markup.Escape(variant.Name), .. measures.Select(measure => Markup.Escape(Verdicts.Text(results.Difference(variant.Name, measure))))]);
        }

        console.Write(table);
        console.MarkupLineInterpolated($"[grey]difference in points, seed by seed: mean (95 % interval), p of the paired t-test, p of the exact test. {Verdicts.Strength(results.Of(results.Baseline).Count, measures.Count * others.Count)}[/]");
    }
}

using System.Globalization;
using System.Text;

namespace Cpt.Cli.Studies.Reports;

/// <summary>One row for each run, for whoever computes something else from it (RFC 4180). Empty = not known.</summary>
internal static class StudyCsv
{
    public static string Of(StudyResults results)
    {
        var tasks = Columns(results, run => run.Status.Tasks);
        var skills = Columns(results, run => run.Status.Benchmarks.Select(benchmark => benchmark.Name));
        var text = new StringBuilder();
        Row(text, ["study", "run", "variant", "seed", "state", "reason", .. Measure.All.Select(measure => measure.Key), .. tasks.Select(task => "last." + task), .. skills.Select(skill => "general." + skill)]);
        foreach (var run in results.Runs)
        {
            var last = run.Status.Matrix.Count > 1 ? run.Status.Matrix[^1] : [];
            Row(text,
            [
                results.Study.Metadata.Name,
                run.Status.Run,
                run.Variant,
                run.Seed.ToString(CultureInfo.InvariantCulture),
                run.Status.State.ToString(),
                run.Succeeded ? "" : run.Status.Reason ?? "",
                .. Measure.All.Select(measure => run.Succeeded ? Number(measure.Of(run)) : ""),
                .. tasks.Select(task => run.Succeeded ? Number(last.ElementAtOrDefault(IndexOf(run.Status.Tasks, task))) : ""),
                .. skills.Select(skill => run.Succeeded ? Number(run.Status.Benchmarks.FirstOrDefault(benchmark => benchmark.Name == skill)?.Scores.LastOrDefault()) : ""),
            ]);
        }

        return text.ToString();
    }

    private static List<string> Columns(StudyResults results, Func<StudyRunFacts, IEnumerable<string>> names) => [.. results.Runs.SelectMany(names).Distinct(StringComparer.Ordinal)];

    /// <summary>Past the end where it is not there.</summary>
    private static int IndexOf(IReadOnlyList<string> names, string name) => names.Index().Where(entry => entry.Item == name).Select(entry => entry.Index).DefaultIfEmpty(int.MaxValue).First();

    private static string Number(double? value) => value is { } number && double.IsFinite(number) ? Math.Round(number, 4).ToString(CultureInfo.InvariantCulture) : "";

    private static void Row(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(Cell)).Append("\r\n");

    private static string Cell(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

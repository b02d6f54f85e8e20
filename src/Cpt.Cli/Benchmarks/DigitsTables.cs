using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Cli.Studies;
using Cpt.Cli.Studies.Reports;
using Cpt.Cli.Studies.Statistics;

namespace Cpt.Cli.Benchmarks;

/// <summary>The study's results as Markdown and as JSON.</summary>
internal static class DigitsTables
{
    private static readonly (string Title, Func<DigitsRun, double> Value)[] s_columns =
    [
        ("new task", run => run.NewTask),
        ("AvgAcc", run => run.Status.AverageAccuracy ?? double.NaN),
        ("FM", run => run.Status.Forgetting ?? double.NaN),
        ("FM from peak", run => run.Status.ForgettingFromPeak ?? double.NaN),
        ("general skills", run => run.GeneralAfter),
        ("kept of general", run => 100 * run.GeneralAfter / run.GeneralBefore),
        ("steps", run => run.Steps),
        ("seconds", run => run.Seconds),
    ];

    /// <summary>A table of mean ± sample standard deviation over the seeds, one of every run, and one of every general skill.</summary>
    public static string Markdown(IReadOnlyList<DigitsRun> runs)
    {
        var text = new StringBuilder();
        var methods = runs.Select(run => run.Method).Distinct(StringComparer.Ordinal).ToArray();
        text.Header(["method", .. s_columns.Select(column => column.Title)]);
        foreach (var method in methods)
        {
            var own = runs.Where(run => run.Method == method).ToArray();
            text.Row([$"**{method}**", .. s_columns.Select(column => MeanAndDeviation([.. own.Select(column.Value)]))]);
        }

        text.Append('\n');
        text.Header(["method", "seed", .. s_columns.Select(column => column.Title)]);
        foreach (var run in runs.OrderBy(run => Array.IndexOf(methods, run.Method)).ThenBy(run => run.Seed))
        {
            text.Row([run.Method, run.Seed.ToString(CultureInfo.InvariantCulture), .. s_columns.Select(column => Number(column.Value(run)))]);
        }

        var skills = runs[0].Status.Benchmarks.Select(benchmark => benchmark.Name).ToArray();
        if (skills.Length == 0)
        {
            return text.ToString();
        }

        text.Append('\n');
        text.Header(["general skill", .. skills]);
        text.Row(["base model", .. runs[0].Status.Benchmarks.Select(benchmark => Number(benchmark.Scores[0] ?? double.NaN))]);
        foreach (var method in methods)
        {
            var own = runs.Where(run => run.Method == method).ToArray();
            text.Row([method, .. skills.Select(skill => MeanAndDeviation([.. own.Select(run => run.Status.Benchmarks.Single(benchmark => benchmark.Name == skill).Scores[^1] ?? double.NaN)]))]);
        }

        return text.ToString();
    }

    /// <summary>The tables with what they are and the command that made them.</summary>
    public static string Page(IReadOnlyList<DigitsRun> runs, DigitsStudy study)
    {
        var command = "./cpt bench digits" + string.Concat(study.Methods.Select(method => $" --manifest {method.Name}={method.Manifest}"))
            + $" --seeds {string.Join(',', study.Seeds)}";
        return $"""
            # The digits chain: what each method leaves behind

            Made by

                {command} --markdown docs/results/digits.md

            on {Environment.ProcessorCount} cores. Every stage trains until it reaches the `stopAtAccuracy` of its manifest on its new task (or runs out of steps), so that methods are
            compared at matched new-task accuracy. Scores in percent: mean ± sample standard deviation over the seeds. **new task**: mean score on each task right
            after learning it. **FM**: mean over earlier tasks of the last score minus the score right after learning; negative = forgotten. **general skills**: mean of the skills
            that no stage trains, after the last stage; **kept of general**: the same as a share of the base model's score. **seconds**: loading and scoring included.

            [README.md](README.md) says how to read them.

            {Markdown(runs)}
            """;
    }

    public static string Json(IReadOnlyList<DigitsRun> runs)
    {
        var all = new JsonArray();
        foreach (var run in runs)
        {
            var one = new JsonObject { ["method"] = run.Method, ["seed"] = run.Seed, ["generalBefore"] = run.GeneralBefore };
            foreach (var (title, value) in s_columns)
            {
                var figure = value(run);
                one[title] = double.IsFinite(figure) ? figure : null;
            }

            all.Add((JsonNode)one);
        }

        return new JsonObject { ["unit"] = "percent", ["runs"] = all }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    internal static string MeanAndDeviation(double[] values) =>
        Sample.Of(values.Select(value => (double?)value)) is not { } sample ? Number(double.NaN) : sample.Deviation is { } deviation ? $"{Number(sample.Mean)} ± {Number(deviation)}" : Number(sample.Mean);

    private static string Number(double value) => double.IsFinite(value) ? value.ToString(Math.Abs(value) >= 1000 ? "F0" : "F1", CultureInfo.InvariantCulture) : Verdicts.Unknown;
}

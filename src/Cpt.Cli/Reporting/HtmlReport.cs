using System.Globalization;
using Cpt.Cli.Status;

namespace Cpt.Cli.Reporting;

/// <summary>One self-contained page: no script, no font, no image, no request. Sections in the order in which people ask.</summary>
internal static class HtmlReport
{
    public static string Render(ReportModel model)
    {
        var status = model.Status;
        var page = new HtmlText();
        Open(page, status.Run);
        Heading(page, model);
        SummaryTiles.Write(page, model);
        MatrixSection.Write(page, model);
        ScoreSection.Write(page, model);
        FlipSection.Write(page, model);
        TrainingSection.Write(page, model);
        StagesSection.Write(page, model);
        ProbesSection.Write(page, model);
        InstancesSection.Write(page, model);
        ConfigurationSection.Write(page, model);
        page.Add($"<footer>Made by cpt {model.TrainerVersion} on {model.GeneratedAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC. Scores are percent of evaluation samples answered right.</footer>\n");
        return page.Raw("</main>\n</body>\n</html>\n").ToString();
    }

    /// <summary>Everything up to the first section.</summary>
    public static void Open(HtmlText page, string name) => page
        .Raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .Add($"<title>{name} – continual post-training</title>\n")
        // An empty icon: otherwise a browser asks the server for one.
        .Raw("<link rel=\"icon\" href=\"data:,\">\n<style>\n")
        .Raw(Style)
        .Raw("</style>\n</head>\n<body>\n<main>\n");

    private static string Style
    {
        get
        {
            using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }

    private static void Heading(HtmlText page, ReportModel model)
    {
        var status = model.Status;
        var (word, tone) = status.State switch
        {
            RunState.Succeeded => ("finished", "good"),
            RunState.Failed => ("failed", "bad"),
            RunState.Running => ("running", "warn"),
            RunState.Suspended => ("suspended", "warn"),
            RunState.NotStarted => ("not started", "warn"),
            _ => ("interrupted", "warn"),
        };
        page.Add($"<header>\n<h1>{status.Run} <span class=\"state {tone}\">{word}</span></h1>\n<p class=\"lead\">{Lead(model)}</p>\n</header>\n");
        if (status.State == RunState.Failed && status.Message is { } message)
        {
            page.Add($"<section class=\"alert\" role=\"alert\"><h2>{status.Reason ?? "Failed"}</h2><p>{message}</p></section>\n");
        }
    }

    /// <summary>The finding in plain words, for somebody who reads nothing else.</summary>
    internal static string Lead(ReportModel model)
    {
        var status = model.Status;
        var methods = string.Join(" and ", status.Stages.Select(stage => stage.Method).Distinct(StringComparer.Ordinal));
        var count = status.Stages.Count;
        var text = $"{count.ToString(CultureInfo.InvariantCulture)} task{(count == 1 ? "" : "s")} learned one after another by {methods}, starting from {model.BaseModel}.";
        if (status.State != RunState.Succeeded)
        {
            var done = status.Stages.Count(stage => stage.CheckpointDigest is not null);
            text = string.Create(CultureInfo.InvariantCulture, $"{done} of {count} stages by {methods} are done, starting from {model.BaseModel}.");
        }

        if (status.AverageAccuracy is { } average)
        {
            text += string.Create(CultureInfo.InvariantCulture, $" The model now answers {average:0.0} % of the learned tasks right on average");
            text += status.Forgetting switch
            {
                null => ".",
                < -0.5 => string.Create(CultureInfo.InvariantCulture, $", having forgotten {-status.Forgetting.Value:0.0} points of what it knew right after learning each."),
                > 0.5 => string.Create(CultureInfo.InvariantCulture, $"; earlier tasks even gained {status.Forgetting.Value:0.0} points from later ones."),
                _ => " and has forgotten next to nothing of them.",
            };
        }

        if (MeanDrift(status) is { } drift)
        {
            text += Math.Abs(drift) < 0.5
                ? " General skills are where they were."
                : string.Create(CultureInfo.InvariantCulture, $" General skills {(drift < 0 ? "fell" : "rose")} by {Math.Abs(drift):0.0} points on average.");
        }

        return text;
    }

    /// <summary>Mean over benchmarks of last score − base score, points.</summary>
    internal static double? MeanDrift(StatusDocument status) =>
        status.Benchmarks.Select(benchmark => benchmark.Drift).OfType<double>().Select(drift => (double?)drift).DefaultIfEmpty(null).Average();
}

using System.Globalization;

namespace Cpt.Cli.Reporting;

/// <summary>How each stage went as a job.</summary>
internal static class StagesSection
{
    public static void Write(HtmlText page, ReportModel model)
    {
        var drift = model.Stages.Any(stage => stage.Status.Drift is not null);
        page.Raw("<section>\n<h2>Stages</h2>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">stage</th><th scope=\"col\">method</th><th scope=\"col\">state</th>"
            + "<th scope=\"col\" class=\"n\">steps</th><th scope=\"col\" class=\"n\">attempts</th><th scope=\"col\" class=\"n\">tokens</th><th scope=\"col\" class=\"n\">time</th>"
            + (drift ? "<th scope=\"col\" class=\"n\" title=\"divergence from the base model on prompts of the learned tasks\">drift, nats a token</th>" : "") + "<th scope=\"col\">checkpoint</th></tr></thead><tbody>\n");
        foreach (var stage in model.Stages)
        {
            var status = stage.Status;
            var steps = status.Step is { } step ? step.ToString(CultureInfo.InvariantCulture) + (status.Steps is { } due && due != step ? "/" + due.ToString(CultureInfo.InvariantCulture) : "") : "";
            page.Add($"<tr><th scope=\"row\">{status.Name}</th><td>{status.Method}</td><td>{status.State}</td><td class=\"n\">{steps}</td>");
            page.Add($"<td class=\"n\">{status.Attempts}</td><td class=\"n\">{(stage.Tokens is { } tokens ? SummaryTiles.Count(tokens) : "")}</td>");
            page.Add($"<td class=\"n\">{(stage.DurationSeconds is { } seconds ? SummaryTiles.Duration(seconds) : "")}</td>");
            if (drift)
            {
                page.Add($"<td class=\"n\">{status.Drift?.ToString("0.0000", CultureInfo.InvariantCulture)}</td>");
            }

            page.Add($"<td class=\"mono\" title=\"{status.CheckpointDigest}\">{(status.CheckpointDigest is { Length: > 12 } digest ? digest[..12] : status.CheckpointDigest)}</td></tr>\n");
        }

        page.Raw("</tbody></table></div>\n</section>\n");
    }
}

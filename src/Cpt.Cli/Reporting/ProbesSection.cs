using System.Globalization;

namespace Cpt.Cli.Reporting;

/// <summary>What the probes before the stages found.</summary>
internal static class ProbesSection
{
    public static void Write(HtmlText page, ReportModel model)
    {
        if (model.Stages.All(stage => stage.Probe is null))
        {
            return;
        }

        page.Raw("<section>\n<h2>Probes</h2>\n<p>Before it trained, a stage's input model answered some train samples several times: what RFT could have learned from.</p>\n");
        page.Raw("<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">stage</th><th scope=\"col\">method</th><th scope=\"col\">verdict</th><th scope=\"col\" class=\"n\">samples</th>"
            + "<th scope=\"col\" class=\"n\">solved</th><th scope=\"col\" class=\"n\">all wrong</th><th scope=\"col\" class=\"n\">mixed</th><th scope=\"col\" class=\"n\">all right</th>"
            + "<th scope=\"col\" class=\"n\">of the form</th><th scope=\"col\">why</th></tr></thead><tbody>\n");
        foreach (var stage in model.Stages)
        {
            if (stage.Probe is not { } probe)
            {
                continue;
            }

            page.Add($"<tr><th scope=\"row\">{stage.Status.Name}</th><td>{stage.Status.Method}</td><td>{probe.Summary.Split(':')[0]}</td>");
            page.Add($"<td class=\"n\">{probe.Samples.ToString(CultureInfo.InvariantCulture)} × {probe.Rollouts.ToString(CultureInfo.InvariantCulture)}</td><td class=\"n\">{Percent(probe.SolvedRate)}</td><td class=\"n\">{Percent(probe.AllWrong)}</td>");
            page.Add($"<td class=\"n\">{Percent(probe.Mixed)}</td><td class=\"n\">{Percent(probe.AllRight)}</td><td class=\"n\">{Percent(probe.FormatRate)}</td><td>{string.Join(' ', probe.Reasons)}</td></tr>\n");
        }

        page.Raw("</tbody></table></div>\n</section>\n");
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0} %");
}

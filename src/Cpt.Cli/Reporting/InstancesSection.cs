using System.Globalization;

namespace Cpt.Cli.Reporting;

/// <summary>Which train samples the stages learned from, where they asked their input model first.</summary>
internal static class InstancesSection
{
    public static void Write(HtmlText page, ReportModel model)
    {
        if (model.Stages.All(stage => stage.Chosen is null))
        {
            return;
        }

        page.Raw("<section>\n<h2>Samples learned from</h2>\n<p>Before its first step a stage with an instance filter or self-distillation has its input model answer every train sample several times.</p>\n");
        page.Raw("<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">stage</th><th scope=\"col\" class=\"n\">kept</th><th scope=\"col\" class=\"n\">of</th><th scope=\"col\" class=\"n\">share</th>"
            + "<th scope=\"col\" class=\"n\">never solved</th><th scope=\"col\" class=\"n\">always solved</th><th scope=\"col\" class=\"n\">rollouts that solved</th><th scope=\"col\" class=\"n\">tokens sampled</th></tr></thead><tbody>\n");
        foreach (var stage in model.Stages)
        {
            if (stage.Chosen is not { } chosen)
            {
                continue;
            }

            page.Add($"<tr><th scope=\"row\">{stage.Status.Name}</th><td class=\"n\">{Whole(chosen.Kept)}</td><td class=\"n\">{Whole(chosen.Instances)}</td><td class=\"n\">{Percent((double)chosen.Kept / chosen.Instances)}</td>");
            page.Add($"<td class=\"n\">{Whole(chosen.NeverSolved)}</td><td class=\"n\">{Whole(chosen.AlwaysSolved)}</td><td class=\"n\">{Percent(chosen.SolvedRate)}</td><td class=\"n\">{SummaryTiles.Count(chosen.Tokens)}</td></tr>\n");
        }

        page.Raw("</tbody></table></div>\n</section>\n");
    }

    private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0} %");
}

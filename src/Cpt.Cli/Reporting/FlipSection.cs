namespace Cpt.Cli.Reporting;

/// <summary>Averages hide forgetting: as many samples may be lost as are gained. Counts both, and shows a few lost ones.</summary>
internal static class FlipSection
{
    public static void Write(HtmlText page, ReportModel model)
    {
        if (model.StorageNote is { } note)
        {
            page.Add($"<section>\n<h2>Lost and gained answers</h2>\n<p class=\"note\">{note}</p>\n</section>\n");
            return;
        }

        if (model.Stages.All(stage => stage.Flips.Count == 0))
        {
            return;
        }

        page.Raw("<section>\n<h2>Lost and gained answers</h2>\n<p class=\"note\">Samples that were right before a stage and wrong after it, and the other way round. "
            + "An unchanged average can hide many of both.</p>\n");
        page.Raw("<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">after stage</th><th scope=\"col\">task</th>"
            + "<th scope=\"col\" class=\"n\">lost</th><th scope=\"col\" class=\"n\">gained</th><th scope=\"col\" class=\"n\">of</th></tr></thead><tbody>\n");
        foreach (var stage in model.Stages)
        {
            foreach (var flip in stage.Flips)
            {
                page.Add($"<tr><th scope=\"row\">{stage.Status.Name}</th><td>{flip.Task}</td><td class=\"n {(flip.Lost > 0 ? "bad" : "")}\">{flip.Lost}</td>");
                page.Add($"<td class=\"n {(flip.Gained > 0 ? "good" : "")}\">{flip.Gained}</td><td class=\"n\">{flip.Samples}</td></tr>\n");
            }
        }

        page.Raw("</tbody></table></div>\n");
        if (model.Stages.Any(stage => stage.LostExamples.Count > 0))
        {
            Examples(page, model);
        }

        page.Raw("</section>\n");
    }

    private static void Examples(HtmlText page, ReportModel model)
    {
        page.Raw("<details><summary>Some of the lost ones</summary>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">after stage</th>"
            + "<th scope=\"col\">task</th><th scope=\"col\">sample</th><th scope=\"col\">answer before</th><th scope=\"col\">answer after</th></tr></thead><tbody>\n");
        foreach (var stage in model.Stages)
        {
            foreach (var lost in stage.LostExamples)
            {
                page.Add($"<tr><th scope=\"row\">{stage.Status.Name}</th><td>{lost.Task}</td><td class=\"mono\">{lost.Id}</td>");
                page.Add($"<td class=\"mono good\">{lost.Before}</td><td class=\"mono bad\">{lost.After}</td></tr>\n");
            }
        }

        page.Raw("</tbody></table></div></details>\n");
    }
}

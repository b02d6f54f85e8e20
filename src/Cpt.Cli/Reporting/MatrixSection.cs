using System.Globalization;

namespace Cpt.Cli.Reporting;

/// <summary>The accuracy matrix as a heat map that is a table: a screen reader reads it cell by cell, a printer prints the numbers.</summary>
internal static class MatrixSection
{
    /// <summary>Cells darker than this carry light letters; below it dark ones have more contrast.</summary>
    private const double DarkFrom = 62;

    public static void Write(HtmlText page, ReportModel model)
    {
        var status = model.Status;
        if (status.Matrix.Count == 0)
        {
            page.Raw("<section><h2>Accuracy matrix</h2><p class=\"note\">Nothing has been scored yet.</p></section>\n");
            return;
        }

        page.Raw("<section>\n<h2>Accuracy matrix</h2>\n<p class=\"note\">Score on each task (column) after each stage (row), in percent. "
            + "A frame marks the task that was just learned; below it in its column one sees what later stages did to it.</p>\n");
        page.Raw("<div class=\"scroll\"><table class=\"heat\">\n<caption class=\"vh\">Percent of evaluation samples answered right</caption>\n<thead>");
        var benchmarks = status.Benchmarks;
        if (benchmarks.Count > 0)
        {
            page.Add($"<tr><td class=\"gap\"></td><th scope=\"colgroup\" colspan=\"{status.Tasks.Count}\">learned tasks</th><td class=\"gap\"></td>");
            page.Add($"<th scope=\"colgroup\" colspan=\"{benchmarks.Count}\">general skills, never trained</th></tr>\n");
        }

        page.Raw("<tr><th scope=\"col\">after</th>");
        foreach (var task in status.Tasks)
        {
            page.Add($"<th scope=\"col\">{task}</th>");
        }

        if (benchmarks.Count > 0)
        {
            page.Raw("<td class=\"gap\"></td>");
            foreach (var benchmark in benchmarks)
            {
                page.Add($"<th scope=\"col\">{benchmark.Name}</th>");
            }
        }

        page.Raw("</tr></thead>\n<tbody>\n");
        for (var row = 0; row < status.Matrix.Count; row++)
        {
            var method = row == 0 ? "base model" : status.Stages.FirstOrDefault(stage => stage.Name == status.Rows[row])?.Method ?? "";
            page.Add($"<tr><th scope=\"row\">{(row == 0 ? "start" : status.Rows[row])}<span class=\"sub\">{method}</span></th>");
            for (var column = 0; column < status.Tasks.Count; column++)
            {
                var previous = row > 0 ? status.Matrix[row - 1][column] : null;
                Cell(page, status.Matrix[row][column], previous, own: status.IsOwn(row, column));
            }

            if (benchmarks.Count > 0)
            {
                page.Raw("<td class=\"gap\"></td>");
                foreach (var benchmark in benchmarks)
                {
                    Cell(page, benchmark.Scores.ElementAtOrDefault(row), row > 0 ? benchmark.Scores.ElementAtOrDefault(row - 1) : null, own: false);
                }
            }

            page.Raw("</tr>\n");
        }

        page.Raw("</tbody></table></div>\n<p class=\"note\">Small figures: change since the row above, in points.</p>\n</section>\n");
    }

    private static void Cell(HtmlText page, double? score, double? previous, bool own)
    {
        if (score is not { } value)
        {
            page.Raw("<td class=\"none\"><span aria-label=\"not scored\">·</span></td>");
            return;
        }

        var classes = (value >= DarkFrom ? "dark" : "") + (own ? " own" : "");
        var share = value.ToString("0", CultureInfo.InvariantCulture);
        page.Add($"<td class=\"{classes.Trim()}\" style=\"--p:{share}%\">{value:0.0}");
        if (previous is { } before && Math.Abs(value - before) >= 0.05)
        {
            page.Add($"<span class=\"d\">{SummaryTiles.Signed(value - before)}</span>");
        }

        page.Raw("</td>");
    }
}

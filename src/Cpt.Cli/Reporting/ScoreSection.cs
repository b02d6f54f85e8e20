namespace Cpt.Cli.Reporting;

/// <summary>Score of every task over the stages: where a line falls, something was forgotten.</summary>
internal static class ScoreSection
{
    public static void Write(HtmlText page, ReportModel model)
    {
        var status = model.Status;
        if (status.Matrix.Count < 2)
        {
            return;
        }

        string[] stages = ["start", .. status.Rows.Skip(1)];
        var tasks = status.Tasks.Select((task, column) => new Curve(task, Points(status.Matrix.Select(row => row[column])), column)).ToList();
        var skills = status.Benchmarks.Select((benchmark, index) => new Curve(benchmark.Name, Points(benchmark.Scores), index)).ToList();

        page.Raw("<section>\n<h2>Scores over the stages</h2>\n<p class=\"note\">Each line is one task. A learned task rises at its own stage; falling afterwards is forgetting.</p>\n<div class=\"charts\">\n");
        Figure(page, "Learned tasks", tasks, stages);
        if (skills.Count > 0)
        {
            Figure(page, "General skills", skills, stages);
        }

        page.Raw("</div>\n</section>\n");
    }

    private static void Figure(HtmlText page, string title, List<Curve> curves, string[] stages)
    {
        page.Add($"<figure><figcaption>{title} <small>percent right after each stage</small></figcaption>\n");
        Legend(page, curves);
        var chart = new LineChart { Title = title, Curves = curves, Categories = stages, YRange = (0, 100), Dots = true, Unit = "%" };
        page.Raw(chart.Render()).Raw("</figure>\n");
    }

    public static void Legend(HtmlText page, IEnumerable<Curve> curves)
    {
        page.Raw("<ul class=\"legend\">");
        foreach (var curve in curves)
        {
            page.Add($"<li class=\"c{curve.Colour % 8}\"><span>{curve.Name}</span></li>");
        }

        page.Raw("</ul>\n");
    }

    private static List<(double X, double Y)> Points(IEnumerable<double?> scores) =>
        [.. scores.Select((score, stage) => ((double)stage, score ?? double.NaN))];
}

using System.Globalization;

namespace Cpt.Cli.Reporting;

/// <summary>What training looked like from inside: the same measure of all stages in one chart, from the committed training.jsonl.</summary>
internal static class TrainingSection
{
    /// <summary>A loss of SFT and one of RFT are different things: one falls with every answer learned, the other only weighs advantages.</summary>
    private static readonly Measure[] s_measures =
    [
        new("reward", "Reward", "mean over rollouts"),
        new("loss", "SFT loss", "token mean", "SFT"),
        new("loss", "RFT loss", "clipped policy gradient", "RFT"),
        new("kl", "KL", "policy from its reference"),
        new("rewardStd", "Reward spread", "standard deviation over rollouts"),
        new("responseTokens", "Answer length", "tokens, mean"),
        new("gradientNorm", "Gradient norm", "before clipping"),
        new("learningRate", "Learning rate", ""),
    ];

    public static void Write(HtmlText page, ReportModel model)
    {
        if (model.Stages.All(stage => stage.Training.Count == 0))
        {
            return;
        }

        page.Raw("<section>\n<h2>Training</h2>\n");
        ScoreSection.Legend(page, model.Stages.Select((stage, index) => new Curve(Label(stage), [], index)));
        page.Raw("<div class=\"charts\">\n");
        foreach (var measure in s_measures)
        {
            var curves = model.Stages
                .Select((stage, index) => new Curve(Label(stage), Points(stage, measure), index))
                .Where(curve => curve.Points.Count > 0)
                .ToList();
            // A measure that never differs from zero (KL without a reference, for example) says nothing.
            if (curves.Count == 0 || curves.All(curve => curve.Points.All(point => point.Y == 0)))
            {
                continue;
            }

            page.Add($"<figure><figcaption>{measure.Title} <small>{measure.About}</small></figcaption>\n");
            page.Raw(new LineChart { Title = measure.Title + " over training steps", Curves = curves }.Render()).Raw("</figure>\n");
        }

        page.Raw("</div>\n");
        Table(page, model);
        page.Raw("</section>\n");
    }

    private static void Table(HtmlText page, ReportModel model)
    {
        page.Raw("<details><summary>The same as figures: first and last step of each stage</summary>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">stage</th><th scope=\"col\" class=\"n\">step</th>");
        var shown = s_measures.Where(measure => model.Stages.Any(stage => Points(stage, measure).Count > 0)).ToList();
        foreach (var measure in shown)
        {
            page.Add($"<th scope=\"col\" class=\"n\">{measure.Title}</th>");
        }

        page.Raw("</tr></thead><tbody>\n");
        foreach (var stage in model.Stages.Where(stage => stage.Training.Count > 0))
        {
            foreach (var point in new[] { stage.Training[0], stage.Training[^1] })
            {
                page.Add($"<tr><th scope=\"row\">{stage.Status.Name}</th><td class=\"n\">{point.Step}</td>");
                foreach (var measure in shown)
                {
                    var value = measure.IsOf(stage) ? point.Values.GetValueOrDefault(measure.Key, double.NaN) : double.NaN;
                    page.Add($"<td class=\"n\">{(double.IsFinite(value) ? value.ToString("0.####", CultureInfo.InvariantCulture) : "")}</td>");
                }

                page.Raw("</tr>\n");
            }
        }

        page.Raw("</tbody></table></div></details>\n");
    }

    private static List<(double X, double Y)> Points(ReportStage stage, Measure measure) => !measure.IsOf(stage)
        ? []
        : [.. stage.Training.Where(point => point.Values.ContainsKey(measure.Key)).Select(point => ((double)point.Step, point.Values[measure.Key]))];

    private static string Label(ReportStage stage) => $"{stage.Status.Name} ({stage.Status.Method})";

    /// <param name="Key">Field of training.jsonl.</param>
    /// <param name="Title">Of the chart.</param>
    /// <param name="About">What it is, in small letters.</param>
    /// <param name="Method">Only for stages of this method; null: for all.</param>
    private sealed record Measure(string Key, string Title, string About, string? Method = null)
    {
        public bool IsOf(ReportStage stage) => Method is null || stage.Status.Method == Method;
    }
}

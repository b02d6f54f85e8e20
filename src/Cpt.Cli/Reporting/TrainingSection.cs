using System.Globalization;

namespace Cpt.Cli.Reporting;

/// <summary>What training looked like from inside: the same measure of all stages in one chart, from the committed training.jsonl.</summary>
internal static class TrainingSection
{
    private static readonly (string[] Keys, string Title, string About)[] s_measures =
    [
        (["reward"], "Reward", "mean over rollouts"),
        (["loss"], "Loss", "token mean"),
        (["kl", "klToBase", "klToReference"], "KL", "policy from its reference"),
        (["rewardStd"], "Reward spread", "standard deviation over rollouts"),
        (["responseTokens"], "Answer length", "tokens, mean"),
        (["gradientNorm", "gradNorm"], "Gradient norm", "before clipping"),
        (["learningRate"], "Learning rate", ""),
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
        foreach (var (keys, title, about) in s_measures)
        {
            var curves = model.Stages
                .Select((stage, index) => new Curve(Label(stage), Points(stage, keys), index))
                .Where(curve => curve.Points.Count > 0)
                .ToList();
            // A measure that never differs from zero (KL without a reference, for example) says nothing.
            if (curves.Count == 0 || curves.All(curve => curve.Points.All(point => point.Y == 0)))
            {
                continue;
            }

            page.Add($"<figure><figcaption>{title} <small>{about}</small></figcaption>\n");
            page.Raw(new LineChart { Title = title + " over training steps", Curves = curves }.Render()).Raw("</figure>\n");
        }

        page.Raw("</div>\n");
        Table(page, model);
        page.Raw("</section>\n");
    }

    private static void Table(HtmlText page, ReportModel model)
    {
        page.Raw("<details><summary>The same as figures: first and last step of each stage</summary>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">stage</th><th scope=\"col\" class=\"n\">step</th>");
        var shown = s_measures.Where(measure => model.Stages.Any(stage => Points(stage, measure.Keys).Count > 0)).ToList();
        foreach (var (_, title, _) in shown)
        {
            page.Add($"<th scope=\"col\" class=\"n\">{title}</th>");
        }

        page.Raw("</tr></thead><tbody>\n");
        foreach (var stage in model.Stages.Where(stage => stage.Training.Count > 0))
        {
            foreach (var point in new[] { stage.Training[0], stage.Training[^1] })
            {
                page.Add($"<tr><th scope=\"row\">{stage.Status.Name}</th><td class=\"n\">{point.Step}</td>");
                foreach (var (keys, _, _) in shown)
                {
                    var value = keys.Select(key => point.Values.TryGetValue(key, out var found) ? found : double.NaN).FirstOrDefault(double.IsFinite, double.NaN);
                    page.Add($"<td class=\"n\">{(double.IsFinite(value) ? value.ToString("0.####", CultureInfo.InvariantCulture) : "")}</td>");
                }

                page.Raw("</tr>\n");
            }
        }

        page.Raw("</tbody></table></div></details>\n");
    }

    private static List<(double X, double Y)> Points(ReportStage stage, string[] keys) =>
    [
        .. from point in stage.Training
           let key = keys.FirstOrDefault(point.Values.ContainsKey)
           where key is not null
           select ((double)point.Step, point.Values[key]),
    ];

    private static string Label(ReportStage stage) => $"{stage.Status.Name} ({stage.Status.Method})";
}

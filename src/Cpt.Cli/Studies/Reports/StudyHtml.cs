using System.Globalization;
using Cpt.Cli.Reporting;
using Cpt.Cli.Status;

namespace Cpt.Cli.Studies.Reports;

/// <summary>The results as one self-contained page, in the manner of a run's report.</summary>
internal static class StudyHtml
{
    public static string Render(StudyResults results, Origin origin, string manifest)
    {
        var page = new HtmlText();
        HtmlReport.Open(page, results.Study.Metadata.Name);
        Heading(page, results);
        Plots(page, results);
        Variants(page, results);
        Differences(page, results);
        Runs(page, results);
        page.Raw("<section>\n<h2>How it was made</h2>\n");
        page.Add($"<pre tabindex=\"0\">{origin.Command}</pre>\n<p class=\"note\">{origin.Sentence}.</p>\n<details><summary>The manifest</summary><pre tabindex=\"0\">{manifest}</pre></details>\n</section>\n");
        page.Add($"<footer>Scores are percent of evaluation samples answered right; ± is one sample standard deviation over the seeds.</footer>\n");
        return page.Raw("</main>\n</body>\n</html>\n").ToString();
    }

    private static void Heading(HtmlText page, StudyResults results)
    {
        var failed = results.Runs.Count(run => run.Status.State == RunState.Failed);
        var (word, tone) = results.Finished == results.Runs.Count ? ("finished", "good") : failed > 0 ? (string.Create(CultureInfo.InvariantCulture, $"{failed} failed"), "bad") : ("not finished", "warn");
        page.Add($"<header>\n<h1>{results.Study.Metadata.Name} <span class=\"state {tone}\">{word}</span></h1>\n");
        page.Add($"<p class=\"lead\">{results.Variants.Count} variants of one chain with {results.Study.Spec.Seeds.Count} seed{(results.Study.Spec.Seeds.Count == 1 ? "" : "s")} each, compared with {results.Baseline}; {results.Finished} of {results.Runs.Count} runs finished.</p>\n</header>\n");
        foreach (var run in results.Runs.Where(run => run.Status.State == RunState.Failed))
        {
            page.Add($"<section class=\"alert\" role=\"alert\"><h2>{run.Status.Run}: {run.Status.Reason ?? "Failed"}</h2><p>{run.Status.Message}</p></section>\n");
        }
    }

    private static void Plots(HtmlText page, StudyResults results)
    {
        if (results.Finished == 0)
        {
            page.Raw("<section><h2>Nothing to show yet</h2><p class=\"note\">No run has finished.</p></section>\n");
            return;
        }

        page.Raw("<section>\n<h2>At a glance</h2>\n<p class=\"note\">Up and to the right is better: more right in the end, less forgotten. Bars are one standard deviation over the seeds. A chain of one stage forgets nothing that could be measured: it has no point.</p>\n");
        ScoreSection.Legend(page, results.Variants.Select((variant, index) => new Curve(variant.Name, [], index)));
        page.Raw("<div class=\"charts two\">\n");
        Scatter(page, results, Measure.AverageAccuracy, Measure.Forgetting);
        Scatter(page, results, Measure.General, Measure.Forgetting);
        Curves(page, results);
        page.Raw("</div>\n</section>\n");
    }

    private static void Scatter(HtmlText page, StudyResults results, Measure x, Measure y)
    {
        ScatterPoint[] points = [.. results.Variants.Select((variant, index) => (variant.Name, index, X: results.Mean(variant.Name, x), Y: results.Mean(variant.Name, y)))
            .Where(point => point.X is not null && point.Y is not null)
            .Select(point => new ScatterPoint(point.Name, point.index, point.X!, point.Y!))];
        if (points.Length == 0)
        {
            return;
        }

        page.Add($"<figure><figcaption>{x.Title} and {y.Title} <small>percent, points</small></figcaption>\n");
        page.Raw(new ScatterChart { Title = $"{x.Title} and {y.Title}", XLabel = x.Title, YLabel = y.Title, Points = points }.Render()).Raw("</figure>\n");
    }

    private static void Curves(HtmlText page, StudyResults results)
    {
        var curves = new List<Curve>();
        foreach (var (index, variant) in results.Variants.Index())
        {
            var runs = results.Of(variant.Name).Select(run => RunMeasures.AccuracyOverStages(run.Status)).ToList();
            var stages = runs.Select(run => run.Count).DefaultIfEmpty(0).Max();
            curves.Add(new Curve(variant.Name, [.. Enumerable.Range(0, stages).Select(stage => ((double)stage + 1, Statistics.Sample.Of(runs.Select(run => run.ElementAtOrDefault(stage)))?.Mean ?? double.NaN))], index));
        }

        if (curves.TrueForAll(curve => curve.Points.Count < 2))
        {
            return;
        }

        page.Raw("<figure><figcaption>Accuracy over the stages <small>mean over the tasks learned by then, percent</small></figcaption>\n");
        page.Raw(new LineChart { Title = "Accuracy over the stages", XLabel = "stages done", Curves = curves, Dots = true, Unit = "%" }.Render()).Raw("</figure>\n");
    }

    private static void Variants(HtmlText page, StudyResults results)
    {
        var measures = results.Known;
        page.Raw("<section>\n<h2>Variants</h2>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">variant</th><th scope=\"col\" class=\"n\">seeds</th>");
        foreach (var measure in measures)
        {
            page.Add($"<th scope=\"col\" class=\"n\">{measure.Title}</th>");
        }

        page.Raw("</tr></thead><tbody>\n");
        foreach (var (index, variant) in results.Variants.Index())
        {
            page.Add($"<tr><th scope=\"row\" class=\"name\"><span class=\"c{index % 8}\">●</span> {variant.Name}{(variant.Name == results.Baseline ? " (baseline)" : "")}</th><td class=\"n\">{results.Of(variant.Name).Count}</td>");
            foreach (var measure in measures)
            {
                page.Add($"<td class=\"n\">{Verdicts.Text(results.Mean(variant.Name, measure), measure.Unit)}</td>");
            }

            page.Raw("</tr>\n");
        }

        page.Raw("</tbody></table></div>\n");
        foreach (var variant in results.Variants.Where(variant => variant.Description is { Length: > 0 }))
        {
            page.Add($"<p class=\"note\"><strong>{variant.Name}</strong>: {variant.Description}</p>\n");
        }

        page.Raw("</section>\n");
    }

    private static void Differences(HtmlText page, StudyResults results)
    {
        var measures = Measure.Judged.Where(results.Known.Contains).ToList();
        var others = results.Variants.Where(variant => variant.Name != results.Baseline).ToList();
        if (measures.Count == 0 || others.Count == 0)
        {
            return;
        }

        page.Add($"<section>\n<h2>Against {results.Baseline}</h2>\n<p class=\"note\">Difference in points, seed by seed: mean (95 % interval), p of the paired t-test, p of the exact test. Within noise: the interval includes 0. {Verdicts.Strength(results.Of(results.Baseline).Count, measures.Count * others.Count)}</p>\n");
        page.Raw("<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">variant</th>");
        foreach (var measure in measures)
        {
            page.Add($"<th scope=\"col\">{measure.Title}</th>");
        }

        page.Raw("</tr></thead><tbody>\n");
        foreach (var variant in others)
        {
            page.Add($"<tr><th scope=\"row\" class=\"name\">{variant.Name}</th>");
            foreach (var difference in measures.Select(measure => results.Difference(variant.Name, measure)))
            {
                var tone = difference is { WithinNoise: false } ? difference.Difference.Mean < 0 ? "bad" : "good" : "";
                page.Add($"<td class=\"{tone}\">{Verdicts.Text(difference)}</td>");
            }

            page.Raw("</tr>\n");
        }

        page.Raw("</tbody></table></div>\n</section>\n");
    }

    private static void Runs(HtmlText page, StudyResults results)
    {
        page.Raw("<section>\n<h2>Every run</h2>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th scope=\"col\">run</th><th scope=\"col\">state</th>");
        foreach (var measure in results.Known)
        {
            page.Add($"<th scope=\"col\" class=\"n\">{measure.Title}</th>");
        }

        page.Raw("</tr></thead><tbody>\n");
        foreach (var run in results.Variants.SelectMany(variant => results.Runs.Where(run => run.Variant == variant.Name).OrderBy(run => run.Seed)))
        {
            page.Add($"<tr><th scope=\"row\" class=\"name\">{run.Status.Run}</th><td>{(run.Succeeded ? "finished" : StudyMarkdown.State(run))}</td>");
            foreach (var measure in results.Known)
            {
                page.Add($"<td class=\"n\">{(run.Succeeded ? Verdicts.Number(measure.Of(run), measure.Unit) : Verdicts.Unknown)}</td>");
            }

            page.Raw("</tr>\n");
        }

        page.Raw("</tbody></table></div>\n</section>\n");
    }
}

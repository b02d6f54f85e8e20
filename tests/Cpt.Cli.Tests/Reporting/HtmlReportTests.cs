using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Cpt.Cli.Reporting;
using Cpt.Cli.Status;

namespace Cpt.Cli.Tests.Reporting;

public sealed partial class HtmlReportTests
{
    [Fact]
    public void EveryCellOfTheMatrixIsOnThePageWithItsNumber()
    {
        var model = ReportExample.Model();
        var page = HtmlReport.Render(model);
        var cells = HeatCells().Matches(page).Select(match => match.Groups[1].Value).ToList();
        var expected = model.Status.Matrix.Select((row, index) => row.Concat(model.Status.Benchmarks.Select(benchmark => benchmark.Scores[index])))
            .SelectMany(row => row).OfType<double>().Select(score => score.ToString("0.0", CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(expected, cells);
    }

    [Fact]
    public void TheMeasuresAreOnThePageAsThePaperWritesThem()
    {
        var page = HtmlReport.Render(ReportExample.Model());
        Assert.Contains("90.1<small> %</small>", page, StringComparison.Ordinal);
        Assert.Contains("−9.4<small> points</small>", page, StringComparison.Ordinal);
        Assert.Contains("General skills fell by 23.4 points on average.", page, StringComparison.Ordinal);
    }

    [Fact]
    public void TextFromManifestsAndModelsIsNeverMarkup()
    {
        var page = HtmlReport.Render(ReportExample.Model());
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;1 4 9&lt;/b&gt;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePageAsksForNothingElse()
    {
        var page = HtmlReport.Render(ReportExample.Model());
        Assert.DoesNotMatch(@"(src|href)=""(?!data:,)", page);
        Assert.DoesNotContain("url(", page, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", page, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePageIsWellFormed()
    {
        var page = HtmlReport.Render(ReportExample.Model());
        // Void elements are the only difference between this page and XML.
        var body = VoidElements().Replace(page[page.IndexOf("<body>", StringComparison.Ordinal)..page.IndexOf("</html>", StringComparison.Ordinal)], "<$1/>");
        Assert.Equal("main", XDocument.Parse(body.Replace("&nbsp;", " ", StringComparison.Ordinal)).Root!.Elements().Single().Name.LocalName);
    }

    [Fact]
    public void AFailedRunSaysWhyAtTheTop()
    {
        var model = ReportExample.Model();
        model = model with { Status = model.Status with { State = RunState.Failed, Reason = "StageFailed", Message = "stage half: the loss is not finite at step 7" } };
        var page = HtmlReport.Render(model);
        Assert.Contains("role=\"alert\"", page, StringComparison.Ordinal);
        Assert.Contains("the loss is not finite at step 7", page, StringComparison.Ordinal);
        Assert.DoesNotContain(">finished<", page, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunThatHasScoredNothingYetIsAReportToo()
    {
        var model = ReportExample.Model();
        model = model with
        {
            Status = model.Status with { State = RunState.Running, Matrix = [], Rows = [], Benchmarks = [], AverageAccuracy = null, Forgetting = null, ForgettingFromPeak = null },
            Stages = [.. model.Stages.Select(stage => stage with { Training = [], Flips = [], LostExamples = [], Tokens = null, DurationSeconds = null })],
        };
        Assert.Contains("Nothing has been scored yet.", HtmlReport.Render(model), StringComparison.Ordinal);
    }

    [GeneratedRegex("""<td class="(?:dark)?(?: ?own)?" style="--p:\d+%">([\d.]+)""")]
    private static partial Regex HeatCells();

    [GeneratedRegex("<(meta[^>]*|link[^>]*|br)>")]
    private static partial Regex VoidElements();
}

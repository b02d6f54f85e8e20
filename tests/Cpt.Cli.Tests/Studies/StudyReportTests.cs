using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Cpt.Cli.Status;
using Cpt.Cli.Studies;
using Cpt.Cli.Studies.Display;
using Cpt.Cli.Studies.Reports;

namespace Cpt.Cli.Tests.Studies;

public sealed class StudyReportTests
{
    [Fact]
    public void AccuracyOverStagesIsTheMeanOfWhatWasLearnedByThen() =>
        // After a: 96. After b: (86 + 92) / 2.
        Assert.Equal([96, 89], RunMeasures.AccuracyOverStages(StudyExample.Run("sft", 1, 80, -10, 30).Status));

    [Fact]
    public void TasksThatOneStageLearnsTogetherAreLearnedInItsRow()
    {
        var joint = new StatusDocument { Run = "r", Namespace = "n", State = RunState.Succeeded, Tasks = ["a", "b"], LearnedIn = ["joint", "joint"], Rows = ["base", "joint"], Matrix = [[40, 41], [90, 92]] };
        Assert.Equal((91.0, 91.0), (RunMeasures.NewTask(joint), Assert.Single(RunMeasures.AccuracyOverStages(joint))));
    }

    [Fact]
    public void AVariantIsAveragedOverItsFinishedRunsAndComparedOverSharedSeeds()
    {
        var results = StudyExample.Results();
        Assert.Equal((3, 82.0, 2.0), results.Mean("sft", Measure.AverageAccuracy) is { } sft ? (sft.Count, sft.Mean, sft.Deviation) : default);
        Assert.Equal((2, 90.5), results.Mean("grpo", Measure.AverageAccuracy) is { } grpo ? (grpo.Count, grpo.Mean) : default);
        Assert.Equal((2, 9.5), results.Difference("grpo", Measure.AverageAccuracy) is { } difference ? (difference.Difference.Count, difference.Difference.Mean) : default);
        Assert.Null(results.Difference("sft", Measure.AverageAccuracy));
    }

    [Fact]
    public void TheMarkdownPageHasTheTableHowItWasMadeAndWhatIsMissing()
    {
        var page = StudyMarkdown.Page(StudyExample.Results(), StudyExample.Origin);
        Assert.Contains("    cpt study -f study.yaml\n\non Some CPU, 2 cores (1 thread for each run), with cpt 0.1.0, 2026-01-15 08:00 UTC. 2 variants with 3 seeds: 5 of 6 runs finished.", page, StringComparison.Ordinal);
        Assert.Contains("- demo-grpo-3: failed: StageFailed: The loss is not finite.", page, StringComparison.Ordinal);
        Assert.Contains("| **sft** (baseline) | 3 | ", page, StringComparison.Ordinal);
        Assert.Contains("| 82.0 ± 2.0 | −12.0 ± 2.0 |", page, StringComparison.Ordinal);
        Assert.Contains("| **grpo** | +9.5 (", page, StringComparison.Ordinal);
        Assert.Contains("| base model | 100.0 ± 0.0 | 80.0 ± 0.0 |", page, StringComparison.Ordinal);
        // Rows of one table have equally many cells.
        foreach (var table in page.Split("\n\n").Where(part => part.StartsWith('|')))
            Assert.Single(table.TrimEnd().Split('\n').Select(row => row.Count(letter => letter == '|')).Distinct());
    }

    [Fact]
    public void TheCsvHasARowForEachRunAndNothingForWhatIsNotKnown()
    {
        var rows = StudyCsv.Of(StudyExample.Results()).TrimEnd().Split("\r\n").Select(row => row.Split(',')).ToList();
        Assert.Equal(7, rows.Count);
        Assert.Single(rows.Select(row => row.Length).Distinct());
        string Cell(int row, string column) => rows[row][Array.IndexOf(rows[0], column)];
        Assert.Equal(("demo-sft-1", "80", "-10", "86", "92", "30", ""), (Cell(1, "run"), Cell(1, "averageAccuracy"), Cell(1, "forgetting"), Cell(1, "last.a"), Cell(1, "last.b"), Cell(1, "general.copy"), Cell(1, "kept")));
        Assert.Equal(("Failed", "StageFailed", ""), (Cell(6, "state"), Cell(6, "reason"), Cell(6, "averageAccuracy")));
    }

    [Fact]
    public void TheReportIsOneWellFormedPageThatNeedsNothingElse()
    {
        var html = StudyHtml.Render(StudyExample.Results(), StudyExample.Origin, StudyExample.Manifest);
        Assert.DoesNotMatch("(src|href)=\"(?!data:,)", html);
        Assert.Contains("rewards &amp; &lt;nothing&gt; else", html, StringComparison.Ordinal);
        foreach (Match chart in Regex.Matches(html, "<svg.*?</svg>", RegexOptions.Singleline | RegexOptions.ExplicitCapture))
            Assert.NotEmpty(XElement.Parse(chart.Value).Elements());
        Assert.Contains("demo-grpo-3: StageFailed", html, StringComparison.Ordinal);
        // Two scatters and the accuracy over the stages.
        Assert.Equal(3, Regex.Count(html, "<svg "));
        // Three points of each variant would be one too many: a point is a variant.
        Assert.Equal(4, Regex.Count(html, "class=\"dot c[01]\" cx=\"[^\"]*\" cy=\"[^\"]*\" r=\"5\""));
    }

    [Fact]
    public void AStudyWithoutAFinishedRunIsAPageToo()
    {
        var results = StudyExample.Results();
        var none = results with { Runs = [.. results.Runs.Select(run => run with { Status = run.Status with { State = RunState.NotStarted } })] };
        Assert.Contains("No run has finished.", StudyHtml.Render(none, StudyExample.Origin, ""), StringComparison.Ordinal);
        Assert.Contains("0 of 6 runs finished", StudyMarkdown.Page(none, StudyExample.Origin), StringComparison.Ordinal);
        Assert.Equal(7, StudyCsv.Of(none).TrimEnd().Split("\r\n").Length);
    }

    [Fact]
    public void TheDocumentForScriptsSaysMeansDifferencesAndRuns()
    {
        var document = JsonSerializer.SerializeToElement(StudyDocument.Of(StudyExample.Results()), CliJson.Readable.StudyDocument);
        var grpo = document.GetProperty("variants")[1];
        Assert.Equal((90.5, 2), (grpo.GetProperty("measures").GetProperty("averageAccuracy").GetProperty("mean").GetDouble(), grpo.GetProperty("fromBaseline").GetProperty("averageAccuracy").GetProperty("count").GetInt32()));
        Assert.False(document.GetProperty("variants")[0].TryGetProperty("fromBaseline", out _));
        Assert.Equal(("Failed", "demo-grpo-3"), (document.GetProperty("runs")[5].GetProperty("state").GetString(), document.GetProperty("runs")[5].GetProperty("run").GetString()));
    }

    [Fact]
    public void TheTablesOfATerminalSayWhatFailedAndWhatIsNoise()
    {
        var text = new StringWriter();
        StudyTables.Write(Cpt.Cli.Display.PlainConsole.On(text), StudyExample.Results(), ["Go on"]);
        var said = text.ToString();
        Assert.Contains("demo-grpo-3: failed: StageFailed: The loss is not finite.", said, StringComparison.Ordinal);
        Assert.Contains("82.0 ± 2.0", said, StringComparison.Ordinal);
        Assert.Contains("within noise", said, StringComparison.Ordinal);
        Assert.EndsWith("Go on", said.TrimEnd(), StringComparison.Ordinal);
    }
}

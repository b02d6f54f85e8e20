using System.Text.Json.Nodes;
using Cpt.Cli.Benchmarks;
using Cpt.Cli.Status;

namespace Cpt.Cli.Tests;

public sealed class DigitsTableTests
{
    private static DigitsRun Run(string method, long seed, double general) => new(method, seed, new StatusDocument
    {
        Run = "demo",
        Namespace = "default",
        State = RunState.Succeeded,
        Workdir = "/w",
        AverageAccuracy = 90,
        Forgetting = -5,
        ForgettingFromPeak = null,
        Tasks = ["a", "b"],
        Rows = ["base", "a", "b"],
        Matrix = [[40, 40], [96, null], [88, 92]],
        Benchmarks = [new BenchmarkStatus("copy", [80, null, general], general - 80)],
        Stages =
        [
            new StageStatusDocument { Name = "a", Method = "SFT", State = "Succeeded", Step = 10, DurationSeconds = 2 },
            new StageStatusDocument { Name = "b", Method = "SFT", State = "Succeeded", Step = 5, DurationSeconds = 3 },
        ],
    });

    [Fact]
    public void ARunIsMeasuredByItsDiagonalItsLastRowAndItsStages()
    {
        var run = Run("SFT", 1, 60);
        Assert.Equal((94.0, 80.0, 60.0, 15, 5.0), (run.NewTask, run.GeneralBefore, run.GeneralAfter, run.Steps, run.Seconds));
    }

    [Fact]
    public void SeedsAreShownAsMeanAndSampleStandardDeviation() => Assert.Equal("60.0 ± 14.1", DigitsTables.MeanAndDeviation([50, 70]));

    [Fact]
    public void OneSeedHasNoDeviation() => Assert.Equal("50.0", DigitsTables.MeanAndDeviation([50]));

    [Fact]
    public void EveryMethodHasARowOfMeansAndEverySeedARowOfItsOwn()
    {
        var lines = DigitsTables.Markdown([Run("SFT", 1, 20), Run("GRPO", 1, 60), Run("SFT", 2, 40), Run("GRPO", 2, 80)]).Split('\n');

        Assert.Contains(lines, line => line.StartsWith("| **SFT** |", StringComparison.Ordinal) && line.Contains("| 30.0 ± 14.1 | 37.5 ± 17.7 |", StringComparison.Ordinal));
        Assert.Equal(2, lines.Count(line => line.StartsWith("| SFT | ", StringComparison.Ordinal) && line.EndsWith("| 15.0 | 5.0 |", StringComparison.Ordinal)));
        Assert.Contains("| base model | 80.0 |", lines);
    }

    [Fact]
    public void AMeasureThatIsNotKnownIsADashAndNull()
    {
        Assert.Contains("| – |", DigitsTables.Markdown([Run("SFT", 1, 20)]), StringComparison.Ordinal);
        Assert.Null(JsonNode.Parse(DigitsTables.Json([Run("SFT", 1, 20)]))!["runs"]![0]!["FM from peak"]);
    }
}

using Cpt.Cli.Display;
using Cpt.Cli.Running;
using Cpt.Contract;
using Spectre.Console;

namespace Cpt.Cli.Tests;

public sealed class TerminalDisplayTests
{
    [Fact]
    public void ALineAboveTheBarsCoversThemToTheEdgeHoweverItWraps()
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 30;
        console.Write(TerminalDisplay.FullWidth("[bold]half[/] scores parity 98.1 %, half 97.7 %, copy 96.1 %"));
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length >= 2, output.ToString());
        Assert.All(lines, line => Assert.Equal(30, line.Length));
    }

    [Fact]
    public void AScoreIsTheSameNumberInTheLineAndInTheTable()
    {
        // 251 of 256: 98.046875 %, 98.05 in the status, 98.1 in the table.
        var scores = new ScoreLine();
        Assert.Null(scores.Before(new RunnerEvent { Time = default, Event = "evaluation", Score = new TaskScore { Task = "half", Kind = ScoreKind.Task, TaskDigest = "", Accuracy = 251 / 256.0, Samples = 256 } }));
        Assert.Equal("scores half 98.1 %", scores.Before(new RunnerEvent { Time = default, Event = "stage" }));
    }
}

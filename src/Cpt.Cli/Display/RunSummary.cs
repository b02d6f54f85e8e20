using System.Globalization;
using Cpt.Cli.Reporting;
using Cpt.Cli.Running;
using Cpt.Cli.Status;
using Spectre.Console;

namespace Cpt.Cli.Display;

/// <summary>The end of a run and the text of <c>cpt status</c>: the matrix, the measures, the stages, where the rest is.</summary>
internal static class RunSummary
{
    public static void Write(IAnsiConsole console, StatusDocument status, IReadOnlyList<string> next)
    {
        console.WriteLine();
        Headline(console, status);
        if (status.Matrix.Count > 0)
        {
            Matrix(console, status);
            Measures(console, status);
        }

        Stages(console, status);
        if (status.Report is { } report)
        {
            console.MarkupLineInterpolated($"Report:  [bold]{WorkDirectory.Shorten(report)}[/]");
        }

        if (next.Count > 0)
        {
            console.WriteLine();
            foreach (var line in next)
            {
                console.MarkupLineInterpolated($"[grey]{line}[/]");
            }
        }
    }

    private static void Headline(IAnsiConsole console, StatusDocument status)
    {
        var (word, colour) = status.State switch
        {
            RunState.Succeeded => ("finished", "green"),
            RunState.Failed => ("failed", "red"),
            RunState.Running => ("running", "blue"),
            RunState.NotStarted => ("not started", "grey"),
            RunState.Suspended => ("suspended", "yellow"),
            _ => ("interrupted", "yellow"),
        };
        console.MarkupInterpolated($"[bold]{status.Run}[/] ");
        console.MarkupLine($"[{colour}]{word}[/]");
        if (status.State != RunState.Succeeded && status.Message is { Length: > 0 } message)
        {
            console.MarkupLineInterpolated($"{status.Reason}: {message}");
        }

        console.WriteLine();
    }

    private static void Matrix(IAnsiConsole console, StatusDocument status)
    {
        // Beside the table, not in it: a title wraps at the width of a narrow table. Cells bring their own blanks, so that seven columns fit into 80.
        console.MarkupLine("[bold]Accuracy after each stage, percent[/]");
        var table = new Table().Border(TableBorder.Rounded);
        table.AddColumn(new TableColumn("after").LeftAligned());
        foreach (var task in status.Tasks)
        {
            table.AddColumn(new TableColumn($" {Markup.Escape(task)} ").RightAligned().Padding(0, 0));
        }

        foreach (var benchmark in status.Benchmarks)
        {
            table.AddColumn(new TableColumn($"[grey] {Markup.Escape(benchmark.Name)} [/]").RightAligned().Padding(0, 0));
        }

        for (var row = 0; row < status.Matrix.Count; row++)
        {
            var cells = new List<string> { Markup.Escape(status.Rows[row]) };
            cells.AddRange(status.Matrix[row].Select((score, column) => Cell(score, own: row > 0 && status.Rows[row] == status.Tasks[column])));
            cells.AddRange(status.Benchmarks.Select(benchmark => Cell(benchmark.Scores.ElementAtOrDefault(row), own: false)));
            table.AddRow([.. cells]);
        }

        console.Write(table);
        if (status.Benchmarks.Count > 0)
        {
            console.MarkupLineInterpolated($"[grey]{string.Join(", ", status.Benchmarks.Select(benchmark => benchmark.Name))}: general skills, never trained[/]");
        }
    }

    private static void Measures(IAnsiConsole console, StatusDocument status)
    {
        var parts = new List<string>();
        if (status.AverageAccuracy is { } average)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"AvgAcc {average:0.0} %"));
        }

        if (status.Forgetting is { } forgetting)
        {
            parts.Add($"FM {SummaryTiles.Signed(forgetting)}");
        }

        if (status.ForgettingFromPeak is { } peak)
        {
            parts.Add($"FM from peak {SummaryTiles.Signed(peak)}");
        }

        if (HtmlReport.MeanDrift(status) is { } drift)
        {
            parts.Add($"general skills {SummaryTiles.Signed(drift)}");
        }

        if (parts.Count > 0)
        {
            console.MarkupLineInterpolated($"[bold]{string.Join("   ", parts)}[/]   (points; negative = forgotten)");
            console.WriteLine();
        }
    }

    private static void Stages(IAnsiConsole console, StatusDocument status)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("stage", "method", "state", "steps", "attempts", "time", "checkpoint");
        foreach (var stage in status.Stages)
        {
            var steps = stage.Step is { } step ? string.Create(CultureInfo.InvariantCulture, $"{step}/{stage.Steps ?? step}") : "";
            table.AddRow(
                Markup.Escape(stage.Name),
                stage.Method,
                stage.State,
                steps,
                stage.Attempts.ToString(CultureInfo.InvariantCulture),
                stage.DurationSeconds is { } seconds ? SummaryTiles.Duration(seconds) : "",
                stage.CheckpointDigest is { Length: > 12 } digest ? digest[..12] : stage.CheckpointDigest ?? "");
        }

        console.Write(table);
        console.WriteLine();
    }

    private static string Cell(double? score, bool own)
    {
        if (score is not { } value)
        {
            return " [grey]·[/] ";
        }

        var text = value.ToString("0.0", CultureInfo.InvariantCulture);
        var (red, green, blue) = Heat(value / 100);
        var ink = value < 60 ? "white" : "black";
        return string.Create(CultureInfo.InvariantCulture, $"[{(own ? "bold underline " : "")}{ink} on rgb({red},{green},{blue})] {text} [/]");
    }

    /// <summary>Dark red over amber to green: readable for most colour-blind eyes by brightness alone.</summary>
    private static (int Red, int Green, int Blue) Heat(double share)
    {
        share = Math.Clamp(share, 0, 1);
        (double R, double G, double B) low = (96, 24, 32), middle = (200, 130, 30), high = (110, 220, 120);
        var (from, to, at) = share < 0.5 ? (low, middle, share * 2) : (middle, high, (share - 0.5) * 2);
        return ((int)(from.R + ((to.R - from.R) * at)), (int)(from.G + ((to.G - from.G) * at)), (int)(from.B + ((to.B - from.B) * at)));
    }
}

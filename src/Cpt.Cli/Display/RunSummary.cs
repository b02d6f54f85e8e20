using System.Globalization;
using Cpt.Cli.Reporting;
using Cpt.Cli.Running;
using Cpt.Cli.Status;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cpt.Cli.Display;

/// <summary>The end of a run and the text of <c>cpt status</c>: the matrix, the measures, the stages, where the rest is.</summary>
internal static class RunSummary
{
    public static void Write(IAnsiConsole console, StatusDocument status, IReadOnlyList<string> next) =>
        console.Write(new Rows([.. Parts(status, DateTimeOffset.MinValue), .. next.Select((line, index) => new Rows(index == 0 ? [BlankLine.Instance, Grey(line)] : [Grey(line)]))]));

    /// <summary>The same for a run on a cluster: with what only its status there holds.</summary>
    /// <param name="status">Of the cluster.</param>
    /// <param name="now">Ages and waits count from here.</param>
    public static IRenderable OfCluster(StatusDocument status, DateTimeOffset now) => new Rows(Parts(status, now));

    /// <summary>The matrix and its measures alone.</summary>
    public static IRenderable OfMatrix(StatusDocument status) => status.Matrix.Count > 0
        ? new Rows([.. Matrix(status), .. Measures(status)])
        : new Markup("Nothing has been scored yet.");

    private static IEnumerable<IRenderable> Parts(StatusDocument status, DateTimeOffset now)
    {
        yield return BlankLine.Instance;
        foreach (var part in Headline(status, now))
        {
            yield return part;
        }

        if (status.Matrix.Count > 0)
        {
            foreach (var part in Matrix(status).Concat(Measures(status)))
            {
                yield return part;
            }
        }

        yield return Stages(status);
        yield return BlankLine.Instance;
        var probed = status.Stages.Where(stage => stage.Probe is not null).ToList();
        foreach (var stage in probed)
        {
            yield return new Markup($"Probe before {Markup.Escape(stage.Name)}: {Markup.Escape(stage.Probe!)}");
        }

        if (probed.Count > 0)
        {
            yield return BlankLine.Instance;
        }

        foreach (var part in ClusterSections.Of(status, now))
        {
            yield return part;
        }

        if (status.Report is { } report)
        {
            yield return new Markup($"Report:  [bold]{Markup.Escape(WorkDirectory.Shorten(report))}[/]");
        }
    }

    private static IEnumerable<IRenderable> Headline(StatusDocument status, DateTimeOffset now)
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
        yield return new Markup($"[bold]{Markup.Escape(status.Run)}[/] [{colour}]{word}[/]");
        if (status.State != RunState.Succeeded && status.Message is { Length: > 0 } message)
        {
            yield return new Markup(Markup.Escape(status.Reason is { } reason ? $"{reason}: {message}" : message));
        }

        if (status.NextRetryTime is { } retry && now > DateTimeOffset.MinValue)
        {
            var wait = retry > now ? $"in {SummaryTiles.Duration((retry - now).TotalSeconds)}" : "now";
            yield return new Markup(string.Create(CultureInfo.InvariantCulture, $"The next attempt starts [bold]{wait}[/] ({retry.LocalDateTime:HH:mm:ss})."));
        }

        yield return BlankLine.Instance;
    }

    private static IEnumerable<IRenderable> Matrix(StatusDocument status)
    {
        // Beside the table, not in it: a title wraps at the width of a narrow table. Cells bring their own blanks, so that seven columns fit into 80.
        yield return new Markup("[bold]Accuracy after each stage, percent[/]");
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
            cells.AddRange(status.Matrix[row].Select((score, column) => Cell(score, own: status.IsOwn(row, column))));
            cells.AddRange(status.Benchmarks.Select(benchmark => Cell(benchmark.Scores.ElementAtOrDefault(row), own: false)));
            table.AddRow([.. cells]);
        }

        yield return table;
        if (status.Benchmarks.Count > 0)
        {
            yield return Grey($"{string.Join(", ", status.Benchmarks.Select(benchmark => benchmark.Name))}: general skills, never trained");
        }
    }

    private static IEnumerable<IRenderable> Measures(StatusDocument status)
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

        if (status.ForwardTransfer is { } transfer)
        {
            parts.Add($"forward transfer {SummaryTiles.Signed(transfer)}");
        }

        if (HtmlReport.MeanDrift(status) is { } drift)
        {
            parts.Add($"general skills {SummaryTiles.Signed(drift)}");
        }

        if (parts.Count > 0)
        {
            yield return new Markup($"[bold]{string.Join("   ", parts)}[/]   (points; negative = forgotten)");
            yield return BlankLine.Instance;
        }
    }

    private static Table Stages(StatusDocument status)
    {
        var timed = status.Stages.Any(stage => stage.SecondsLeft is not null);
        var table = new Table().Border(TableBorder.None).AddColumns("stage", "method", "state", "steps", "attempts", "time", "checkpoint");
        if (timed)
        {
            table.AddColumn("left");
        }

        var chosen = status.Stages.Any(stage => stage.Instances is not null || stage.Sampled is not null);
        if (chosen)
        {
            table.AddColumn("samples kept");
        }

        foreach (var stage in status.Stages)
        {
            var steps = stage.Step is { } step ? string.Create(CultureInfo.InvariantCulture, $"{step}/{stage.Steps ?? step}") : "";
            var cells = new List<string>
            {
                Markup.Escape(stage.Name),
                stage.Method,
                stage.State,
                steps,
                stage.Attempts.ToString(CultureInfo.InvariantCulture),
                stage.DurationSeconds is { } seconds ? SummaryTiles.Duration(seconds) : "",
                stage.CheckpointDigest is { Length: > 12 } digest ? digest[..12] : stage.CheckpointDigest ?? "",
            };
            if (timed)
            {
                cells.Add(stage.SecondsLeft is { } left ? "some " + SummaryTiles.Duration(left) : "");
            }

            if (chosen)
            {
                cells.Add(Kept(stage));
            }

            table.AddRow([.. cells]);
        }

        return table;
    }

    private static string Kept(StageStatusDocument stage) => stage switch
    {
        { InstancesKept: { } kept, Instances: > 0 and var of } => string.Create(CultureInfo.InvariantCulture, $"{kept}/{of} ({100.0 * kept / of:0} %)"),
        { Sampled: { } sampled } => $"sampling {sampled}",
        _ => "",
    };

    private static Markup Grey(string line) => new($"[grey]{Markup.Escape(line)}[/]");

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

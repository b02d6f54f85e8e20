using System.CommandLine;
using System.Globalization;
using Cpt.Cli.Commands;
using Cpt.Cli.Display;
using Cpt.Cli.Reporting;
using Cpt.Cli.Status;
using Cpt.Contract;
using Spectre.Console;

namespace Cpt.Cli.Cluster;

/// <summary><c>kubectl cpt matrix RUN</c>: the accuracy matrix as a heat map, or as data.</summary>
internal static class MatrixCommand
{
    public static Command Create(ClusterOptions options, string program)
    {
        var name = RunArgument.One(options);
        var output = Forms.Option(Forms.Table, Forms.Wide, Forms.Json, Forms.Yaml, Forms.Csv);
        var command = new Command("matrix", "The accuracy matrix, AvgAcc, forgetting and general skills")
        {
            name, output,
        }.WithExamples($"""
            A row for the base model and for each finished stage, a column for each task and benchmark, in percent.
            -o wide adds what became of each task; -o csv has an empty cell where nothing was scored.

              {program} matrix demo
              {program} matrix demo -o csv > matrix.csv
            """);
        command.SetAction((result, stop) => ClusterErrors.GuardAsync(result, options, stop, async session =>
        {
            var run = await RunArgument.GetAsync(session, result.GetValue(name));
            var status = StatusDocuments.OfCluster(RunArgument.Read(run));
            switch (result.GetValue(output))
            {
                case Forms.Csv:
                    await session.Output.WriteAsync(Csv(status));
                    break;
                case Forms.Json or Forms.Yaml:
                    await Forms.WriteAsync(session.Output, MatrixDocument.Of(status), CliJson.Readable.MatrixDocument, result.GetValue(output)!);
                    break;
                case var form:
                    var console = Forms.ConsoleOn(session.Output);
                    console.Write(RunSummary.OfMatrix(status));
                    if (form == Forms.Wide && status.Matrix.Count > 0)
                    {
                        console.Write(Tasks(status));
                    }

                    break;
            }

            return ExitCodes.Done;
        }));
        return command;
    }

    internal static string Csv(StatusDocument status)
    {
        var lines = new List<IEnumerable<string>> { (string[])["after", .. status.Tasks, .. status.Benchmarks.Select(benchmark => benchmark.Name)] };
        lines.AddRange(status.Rows.Select((row, index) => (IEnumerable<string>)[row, .. status.Matrix[index].Select(Cell), .. status.Benchmarks.Select(benchmark => Cell(benchmark.Scores.ElementAtOrDefault(index)))]));
        return string.Concat(lines.Select(line => string.Join(',', line) + "\n"));
    }

    /// <summary>One line a task: what each term of FM is.</summary>
    internal static Table Tasks(StatusDocument status)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("task", "base", "learned", "best", "now", "since learned", "since best");
        for (var column = 0; column < status.Tasks.Count; column++)
        {
            var task = status.Tasks[column];
            var own = Enumerable.Range(0, status.Rows.Count).FirstOrDefault(row => row > 0 && status.Rows[row] == task, -1);
            var scores = status.Matrix.Select(row => row[column]).ToList();
            var learned = own < 0 ? null : scores[own];
            var best = own < 0 ? null : scores.Skip(own).Max();
            var now = scores[^1];
            table.AddRow(Markup.Escape(task), Cell(scores[0]), Cell(learned), Cell(best), Cell(now), Change(now - learned), Change(now - best));
        }

        return table;
    }

    private static string Cell(double? score) => score?.ToString("0.00", CultureInfo.InvariantCulture) ?? "";

    private static string Change(double? points) => points is { } value ? SummaryTiles.Signed(value) : "";
}

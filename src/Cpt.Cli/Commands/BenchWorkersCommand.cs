using System.CommandLine;
using System.Text.Json;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Cli.Benchmarks.Workers;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt bench workers</c>: what several workers on one machine gain over one.</summary>
internal static class BenchWorkersCommand
{
    public static Command Create()
    {
        var size = new Option<string>("--size") { Description = "small, medium, or both", HelpName = "SIZE", DefaultValueFactory = _ => "both" };
        size.AcceptOnlyFromAmong("small", "medium", "both");
        var rounds = NumberOption.Whole(new Option<int>("--rounds") { Description = "Turns of each side", HelpName = "N", DefaultValueFactory = _ => 7 }, 1);
        var workers = NumberOption.Whole(new Option<int>("--workers") { Description = "Processes, with one thread each (default: the cores there are)", HelpName = "N", DefaultValueFactory = _ => Math.Max(2, Environment.ProcessorCount) }, 2);
        var output = RunOptions.Output("text: a table; json: one document with every pair of turns", "text", "json");
        var worker = new Option<bool>("--worker") { Hidden = true };
        var command = new Command("workers", "Measure training tokens/s of several workers beside one, with one thread each")
        {
            size, rounds, workers, output, worker,
        };
        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            BenchSize[] sizes = result.GetValue(size) switch { "small" => [BenchSize.Small], "medium" => [BenchSize.Medium], _ => [BenchSize.Small, BenchSize.Medium] };
            if (result.GetValue(worker))
            {
                await Task.Run(() => BenchWorker.Run(sizes[0], Console.In, result.InvocationConfiguration.Output), CancellationToken.None);
                return ExitCodes.Done;
            }

            var benchmark = new WorkersBenchmark { Sizes = sizes, Workers = result.GetValue(workers), Rounds = result.GetValue(rounds), Log = result.InvocationConfiguration.Error };
            var report = await Task.Run(() => benchmark.Run(cancellation), CancellationToken.None);
            await result.InvocationConfiguration.Output.WriteAsync(result.GetValue(output) == "json" ? JsonSerializer.Serialize(report, CliJson.Readable.WorkersReport) + "\n" : report.ToText());
            return ExitCodes.Done;
        }));
        return command.WithExamples("""

            The workers train the same batches together, each a share, over loopback. They and the one that is alone take turns in one run; on as many free cores as there
            are workers a ratio near their number is the most there can be.

            Example:
              cpt bench workers --size small --rounds 5 -o json
            """);
    }
}

using System.CommandLine;
using System.Text.Json;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt bench trainer</c>: training and rollout speed beside the same model in PyTorch, and whether memory stays flat.</summary>
internal static class BenchTrainerCommand
{
    public static Command Create()
    {
        var size = new Option<string>("--size") { Description = "small, medium, or both", HelpName = "SIZE", DefaultValueFactory = _ => "both" };
        size.AcceptOnlyFromAmong("small", "medium", "both");
        var rounds = NumberOption.Whole(new Option<int>("--rounds") { Description = "Turns of each side for every figure", HelpName = "N", DefaultValueFactory = _ => 7 }, 1);
        var memory = NumberOption.Whole(new Option<int>("--memory-steps") { Description = "Training steps over which memory is watched; 0 leaves it out", HelpName = "N", DefaultValueFactory = _ => 500 }, 0);
        var threads = NumberOption.Whole(new Option<int>("--threads") { Description = "Threads of both sides (default: the cores there are)", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount }, 1);
        var python = new Option<string>("--python") { Description = "The Python that has the peer's PyTorch", HelpName = "FILE", DefaultValueFactory = _ => "/usr/bin/python3" };
        var output = RunOptions.Output("text: a table; json: one document with every pair of turns", "text", "json");
        var command = new Command("trainer", "Measure training and rollout tokens/s beside the same model in PyTorch, and memory over many steps")
        {
            size, rounds, memory, threads, python, output,
        };
        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            var benchmark = new TrainerBenchmark
            {
                Sizes = result.GetValue(size) switch { "small" => [BenchSize.Small], "medium" => [BenchSize.Medium], _ => [BenchSize.Small, BenchSize.Medium] },
                Rounds = result.GetValue(rounds),
                MemorySteps = result.GetValue(memory),
                Threads = result.GetValue(threads),
                Python = result.GetRequiredValue(python),
                Log = result.InvocationConfiguration.Error,
            };

            // On its own thread: the benchmark computes for minutes and answers to Ctrl-C between turns.
            var report = await Task.Run(() => benchmark.Run(cancellation), CancellationToken.None);
            var text = result.GetValue(output) == "json" ? JsonSerializer.Serialize(report, CliJson.Readable.TrainerReport) + "\n" : TrainerReportText.Of(report);
            await result.InvocationConfiguration.Output.WriteAsync(text);
            return ExitCodes.Done;
        }));
        return command.WithExamples("""

            The peer is Debian's PyTorch: apt-get install python3-torch. Both sides get the same BLAS and the same number of threads and take turns
            in one run, so that what else the machine does falls on both; a ratio above 1 means that cpt is faster.

            Example:
              cpt bench trainer --size small --rounds 5 -o json
            """);
    }
}

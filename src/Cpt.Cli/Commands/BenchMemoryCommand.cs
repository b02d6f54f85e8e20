using System.CommandLine;
using System.Text.Json;
using Cpt.Cli.Benchmarks.Models;
using Cpt.Contract;
using Cpt.Torch;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt bench memory</c>: peaks of training steps beside the estimates of <c>cpt model plan</c>.</summary>
internal static class BenchMemoryCommand
{
    public static Command Create()
    {
        var shape = new Option<string>("--shape") { Description = string.Join(", ", ModelShape.All.Select(known => known.Name)), HelpName = "SHAPE", DefaultValueFactory = _ => ModelShape.Small.Name };
        shape.AcceptOnlyFromAmong([.. ModelShape.All.Select(known => known.Name)]);
        var ways = new Option<string[]>("--way") { Description = string.Join(", ", MemoryBenchmark.Ways) + "; several may be given (default: all)", HelpName = "WAY", DefaultValueFactory = _ => [.. MemoryBenchmark.Ways], AllowMultipleArgumentsPerToken = true };
        ways.AcceptOnlyFromAmong([.. MemoryBenchmark.Ways]);
        var precision = new Option<string>("--precision") { Description = Precision.Choices, HelpName = "PRECISION", DefaultValueFactory = _ => Precision.Float32 };
        precision.AcceptOnlyFromAmong([.. Precision.All]);
        var batch = NumberOption.Whole(new Option<int?>("--batch") { Description = "Sequences of a step, instead of the shape's own number", HelpName = "N" }, 1);
        var threads = NumberOption.Whole(new Option<int>("--threads") { Description = "Threads (default: the cores there are)", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount }, 1);
        var device = DeviceOption.Create();
        var output = RunOptions.Output("text: a line each; json: one document", "text", "json");
        var command = new Command("memory", "Measure peaks of memory in training beside the estimates of cpt model plan") { shape, ways, precision, batch, threads, device, output };
        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            var known = ModelShape.All.First(candidate => candidate.Name == result.GetRequiredValue(shape));
            var json = result.GetValue(output) == "json";
            var benchmark = new MemoryBenchmark
            {
                Shape = known with { Batch = result.GetValue(batch) ?? known.Batch },
                Wanted = result.GetRequiredValue(ways),
                Precision = result.GetRequiredValue(precision),
                Device = DeviceOption.Of(result.GetRequiredValue(device)),
                Threads = result.GetValue(threads),
                Log = json ? result.InvocationConfiguration.Error : result.InvocationConfiguration.Output,
            };
            if (benchmark.Device.type == DeviceType.CPU && benchmark.Precision != Precision.Float32)
            {
                throw new CliException(ExitCodes.BadSpec, $"--precision: {benchmark.Precision} is measured on a GPU only; on the CPU use {Precision.Float32}");
            }

            var report = await Task.Run(() => benchmark.Run(cancellation), CancellationToken.None);
            if (json)
            {
                await result.InvocationConfiguration.Output.WriteAsync(JsonSerializer.Serialize(report, CliJson.Readable.TrainingMemory) + "\n");
            }

            return ExitCodes.Done;
        }));
        return command.WithExamples("""

            The model has random weights, and every step is one pass. Memory is libtorch's own count of bytes in tensors.

            Example:
              cpt bench memory --shape small
              cpt bench memory --device cuda --shape 7b --way lora --way lora-checkpointing --precision bfloat16-master -o json
            """);
    }
}

using System.CommandLine;
using System.Text.Json;
using Cpt.Cli.Benchmarks.Models;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt bench models</c>: forward, training and decoding speed beside PyTorch, on the CPU or on a GPU.</summary>
internal static class BenchModelsCommand
{
    public static Command Create()
    {
        var shape = Several("--shape", "Model shapes: small, vl-small (small, with an image before every sequence), 0.5b (Qwen2.5-0.5B's), 7b (Qwen2.5-7B's); several may be given", "SHAPE", [ModelShape.Small.Name, ModelShape.SmallWithImages.Name], [.. ModelShape.All.Select(shape => shape.Name)]);
        var precision = Several("--precision", $"{Precision.Choices}; several may be given", "PRECISION", [Precision.Float32], [.. Precision.All]);
        var work = Several("--work", "forward, decoding, training (default: all)", "KIND", [.. ModelsBenchmark.Kinds], [.. ModelsBenchmark.Kinds]);
        var device = DeviceOption.Create();
        var rounds = NumberOption.Whole(new Option<int>("--rounds") { Description = "Measured times of each side for every figure", HelpName = "N", DefaultValueFactory = _ => 5 }, 1);
        var batch = NumberOption.Whole(new Option<int?>("--batch") { Description = "Sequences of a training step, instead of the shape's own number", HelpName = "N" }, 1);
        var threads = NumberOption.Whole(new Option<int>("--threads") { Description = "Threads of both sides (default: the cores there are)", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount }, 1);
        var python = new Option<string>("--python") { Description = "The Python that has the peer's PyTorch; none leaves the peer out", HelpName = "FILE", DefaultValueFactory = _ => "/usr/bin/python3" };
        var output = RunOptions.Output("text: a table; json: one document with every time", "text", "json");
        var command = new Command("models", "Measure forward, training and decoding tokens/s of models with random weights beside PyTorch")
        {
            shape, precision, work, device, rounds, batch, threads, python, output,
        };
        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            var benchmark = new ModelsBenchmark
            {
                Shapes = [.. ModelShape.All.Where(known => result.GetRequiredValue(shape).Contains(known.Name)).Select(known => known with { Batch = result.GetValue(batch) ?? known.Batch })],
                Precisions = result.GetRequiredValue(precision),
                Work = [.. ModelsBenchmark.Kinds.Where(result.GetRequiredValue(work).Contains)],
                Device = DeviceOption.Of(result.GetRequiredValue(device)),
                Rounds = result.GetValue(rounds),
                Threads = result.GetValue(threads),
                Python = result.GetRequiredValue(python) is var named && named != "none" ? named : null,
                Log = result.InvocationConfiguration.Error,
            };

            // On its own thread: the benchmark computes for minutes and answers to Ctrl-C between turns.
            var report = await Task.Run(() => benchmark.Run(cancellation), CancellationToken.None);
            var text = result.GetValue(output) == "json" ? JsonSerializer.Serialize(report, CliJson.Readable.ModelsReport) + "\n" : ModelsReportText.Of(report);
            await result.InvocationConfiguration.Output.WriteAsync(text);
            return ExitCodes.Done;
        }));
        return command.WithExamples("""

            The peer is transformers where this Python has it (with its scaled dot-product attention and PyTorch's fused AdamW), else the same model as a plain
            PyTorch loop; with images always the plain one. A ratio above 1 means that cpt is faster.

            Example:
              cpt bench models -o json
              cpt bench models --device cuda --shape 0.5b --shape 7b --precision bfloat16-pure --python python3
            """);
    }

    private static Option<string[]> Several(string name, string description, string help, string[] byDefault, string[] known)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = help, DefaultValueFactory = _ => byDefault, AllowMultipleArgumentsPerToken = true };
        option.AcceptOnlyFromAmong(known);
        return option;
    }
}

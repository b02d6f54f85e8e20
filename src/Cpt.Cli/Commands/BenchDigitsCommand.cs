using System.CommandLine;
using System.Globalization;
using Cpt.Cli.Benchmarks;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt bench digits</c>: the same chain with several methods and seeds, and one table.</summary>
internal static class BenchDigitsCommand
{
    public static Command Create()
    {
        var manifests = new Option<string[]>("--manifest")
        {
            Description = "A method and its chain; repeat it",
            HelpName = "NAME=FILE",
            DefaultValueFactory = _ => ["SFT-canonical=examples/quickstart-sft.yaml", "SFT-any=examples/quickstart-sft-any.yaml", "GRPO=examples/quickstart.yaml"],
        };
        var seeds = new Option<string>("--seeds") { Description = "Seeds, separated by commas", DefaultValueFactory = _ => "1,2,3", HelpName = "LIST" };
        var workdir = new Option<string>("--workdir") { Description = "Where the runs keep their state; finished ones are not run again", DefaultValueFactory = _ => Path.Combine(RunOptions.StateDirectory, "bench-digits"), HelpName = "DIR" };
        var markdown = new Option<string?>("--markdown") { Description = "Also write the tables to this file", HelpName = "FILE" };
        var output = RunOptions.Output("text: tables; json: one document", "text", "json");
        var command = new Command("digits", """
            Run the digits chain with SFT and with GRPO over several seeds, each stage until the same accuracy on its new task, and compare what is left.

              cpt bench digits --markdown docs/results/digits.md
            """)
        { manifests, seeds, workdir, markdown, output };
        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            var study = new DigitsStudy
            {
                Methods = [.. result.GetRequiredValue(manifests).Select(Method)],
                Seeds = [.. result.GetRequiredValue(seeds).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Seed)],
                Workdir = result.GetRequiredValue(workdir),
                Log = result.InvocationConfiguration.Error,
            };
            var runs = await study.RunAsync(cancellation);
            var text = DigitsTables.Markdown(runs);
            await result.InvocationConfiguration.Output.WriteLineAsync(result.GetValue(output) == "json" ? DigitsTables.Json(runs) : text);
            if (result.GetValue(markdown) is { } path)
            {
                AtomicFile.Write(path, DigitsTables.Page(runs, study));
            }

            return ExitCodes.Done;
        }));
        return command;
    }

    private static (string Name, string Manifest) Method(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 ? (text[..at], text[(at + 1)..]) : throw new CliException(ExitCodes.BadSpec, $"--manifest {text}: write NAME=FILE, for example GRPO=examples/quickstart.yaml");
    }

    private static long Seed(string text) => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var seed)
        ? seed
        : throw new CliException(ExitCodes.BadSpec, $"--seeds: \"{text}\" is not a whole number; write for example 1,2,3");
}

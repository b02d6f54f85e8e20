using System.CommandLine;
using System.Text.Json;
using Cpt.Api;
using Cpt.Cli.Display;
using Cpt.Cli.Reporting;
using Cpt.Cli.Running;
using Cpt.Contract;
using Cpt.Storage;
using Spectre.Console;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt run -f run.yaml</c>: the whole chain on this machine.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var file = RunOptions.RequiredFile();
        var workdir = RunOptions.Workdir();
        var seed = RunOptions.Seed();
        var output = RunOptions.Output("auto: progress bars on a terminal, JSON lines elsewhere; text: plain lines; json: one document at the end", "auto", "text", "json");
        var command = new Command("run", "Run a chain on this machine: train every stage, score it, hand its checkpoint on")
        {
            file, workdir, seed, output,
        }.WithExamples("""
            Ctrl-C saves and stops; the same command goes on where it stopped. What is finished is not trained again.

              cpt run -f examples/quickstart.yaml
              cpt run -f examples/quickstart.yaml --seed 2 --workdir .cpt/quickstart-seed2
              cpt run -f examples/quickstart.yaml -o json > result.json

            Exit codes: 0 finished; 1 the run failed; 64 wrong manifest; 65 bad data; 66 an input was not found;
            69 storage unavailable, or another cpt run works in the same directory; 70 a bug; 75 stopped on request.
            """);
        command.SetAction((result, _) => CommandErrors.GuardAsync(result, () => RunAsync(
            RunSource.Load(result.GetRequiredValue(file), result.GetValue(seed)), result.GetRequiredValue(file), result.GetValue(workdir), result.GetRequiredValue(output))));
        return command;
    }

    private static async Task<int> RunAsync(RunSource source, string file, string? workdir, string form)
    {
        var time = TimeProvider.System;
        var work = RunOptions.WorkdirOf(workdir, source.Run.Metadata.Name);
        using var held = WorkLock.Take(work);
        var local = LocalRun.Enter(source, work, time);
        await using var display = Display(form, time);
        var narrator = new RunNarrator(display, time);
        using var signals = new StopSignals(() => narrator.Say("warning", null, "Stopping: waiting for the stage to save. Once more ends it at once."));
        var environment = new LocalEnvironment(work);
        var options = environment.StorageOptions(message => narrator.Say("warning", null, message));
        var lookups = new LocalLookups(CheckpointStore.Open(source.Run.Spec.Storage.Uri, options), new InputResolver(options), work.CacheDirectory);
        using var jobs = new LocalJobs(work, environment, stage => StageWorkers.Of(local.Run, stage).Count, time, narrator.Pass);

        display.Begin(local.Run, work);
        var exitCode = await new LocalRunner(local, lookups, jobs, narrator, time).RunAsync(signals.Stop, signals.Kill);
        await ReportFile.TryWriteAsync(local, lookups.Store, message => narrator.Say("warning", null, message), time);

        var status = local.Document(active: false);
        display.End(status, Next(work, exitCode, file, workdir));
        if (form == "json")
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(status, CliJson.Readable.StatusDocument));
        }

        return exitCode;
    }

    private static IRunDisplay Display(string form, TimeProvider time) => form switch
    {
        "json" => new JsonLinesDisplay(Console.Error, time),
        "text" => new TextDisplay(Console.Out),
        _ when !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi => new TerminalDisplay(AnsiConsole.Console),
        _ => new LinesAndSummaryDisplay(new JsonLinesDisplay(Console.Out, time), Console.Error),
    };

    private static string[] Next(WorkDirectory work, int exitCode, string file, string? workdir)
    {
        var arguments = $"-f {ShellWord.Quote(file)}" + (workdir is null ? "" : $" --workdir {ShellWord.Quote(workdir)}");
        return exitCode switch
        {
            ExitCodes.Done =>
            [
                $"Look at the report in a browser, or at the figures: {CommandName.Value} status --workdir {ShellWord.Quote(WorkDirectory.Shorten(work.Root))} -o json",
                $"Try another seed: {CommandName.Value} run -f {ShellWord.Quote(file)} --seed 2 --workdir {ShellWord.Quote(WorkDirectory.Shorten(work.Root) + "-seed2")}",
                "Add a stage to the end of the manifest and run it again: only the new one is trained.",
            ],
            ExitCodes.Stopped => [$"Go on with: {CommandName.Value} run {arguments}"],
            _ => [$"Logs of every attempt are in {WorkDirectory.Shorten(Path.Combine(work.Root, "logs"))}. When the cause is mended, the same command goes on: {CommandName.Value} run {arguments}"],
        };
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Cpt.Cli.Running;
using Cpt.Cli.Studies;
using Cpt.Cli.Studies.Display;
using Cpt.Cli.Studies.Reports;
using Cpt.Contract;
using Spectre.Console;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt study -f study.yaml</c>: every variant with every seed on this machine, and one table.</summary>
internal static class StudyCommand
{
    public static Command Create()
    {
        var file = RunOptions.NotEmpty(new Option<string>("--file", "-f") { Description = "The ContinualStudy manifest (YAML or JSON); - reads standard input", HelpName = "FILE", Required = true });
        var workdir = RunOptions.NotEmpty(new Option<string?>("--workdir") { Description = $"Where the study keeps its state (default {RunOptions.StateDirectory}/<study name>)", HelpName = "DIR" });
        var concurrency = NumberOption.Whole(new Option<int?>("--concurrency") { Description = "Runs side by side, instead of spec.concurrency", HelpName = "N" }, 1);
        var report = RunOptions.NotEmpty(new Option<string?>("--report") { Description = "Also write the report (HTML) to this file", HelpName = "FILE" });
        var csv = RunOptions.NotEmpty(new Option<string?>("--csv") { Description = "Also write a row for each run to this file", HelpName = "FILE" });
        var markdown = RunOptions.NotEmpty(new Option<string?>("--markdown") { Description = "Also write the tables to this file", HelpName = "FILE" });
        var output = RunOptions.Output("auto: progress bars on a terminal, JSON lines elsewhere; text: plain lines; json: one document at the end", "auto", "text", "json");
        var command = new Command("study", "Compare: run every variant of a chain with every seed, and make one table")
        {
            file, workdir, concurrency, report, csv, markdown, output,
        }.WithExamples("""
            Ctrl-C saves and stops; the same command goes on. Finished runs are not run again, and equal stages are trained once. A run that fails stops no other.
            report.html, results.csv and results.md are always written to the work directory; each run has a directory of its own in runs/, as of cpt run.

              cpt study -f examples/study/small.yaml
              cpt study -f examples/study/small.yaml --concurrency 2 --markdown results.md
              cpt report --workdir .cpt/small -o small.html            also while it goes on

            Exit codes: 0 all runs finished; 1 a run failed (the table says which); 64 wrong manifest; 66 an input was not found;
            69 storage unavailable, or another command works in the same directory; 70 a bug; 75 stopped on request.
            """);
        command.SetAction((result, _) => CommandErrors.GuardAsync(result, () => RunAsync(
            StudySource.Load(result.GetRequiredValue(file)),
            new Request(
                result.GetRequiredValue(file), result.GetValue(workdir), result.GetValue(concurrency),
                new StudyFiles(result.GetValue(report), result.GetValue(csv), result.GetValue(markdown)), result.GetRequiredValue(output)))));
        return command;
    }

    private static async Task<int> RunAsync(StudySource source, Request request)
    {
        var time = TimeProvider.System;
        var place = new StudyDirectory(request.Workdir ?? Path.Combine(RunOptions.StateDirectory, source.Name));
        RefuseAnother(source, place);
        using var held = WorkLock.Take(place.Own);
        var concurrency = Math.Min(request.Concurrency ?? source.Study.Spec.Concurrency!.Value, source.Runs.Count);
        // Once chosen it stays: a study that goes on with more runs side by side must not round differently.
        var threads = place.Record()?.Threads ?? Math.Max(1, Environment.ProcessorCount / concurrency);
        place.Store(source, new StudyRecord(ManifestFile.DirectoryOf(request.File), threads, request.Command));

        await using var display = Display(request.Form, time);
        using var runner = new StudyRunner(source, place, concurrency, threads, display, time);
        using var signals = new StopSignals(() => runner.Say("warning", "Stopping: waiting for the stages to save. Once more ends them at once."));
        display.Begin(source, place, concurrency, threads);
        var exitCodes = await runner.RunAsync(signals.Stop, signals.Kill);

        var results = await new StudyGatherer(source, place, time).GatherAsync();
        var origin = Origin.Of(place, time);
        StudyFiles.In(place).Write(results, origin, source.Text);
        request.Files.Write(results, origin, source.Text);
        var exitCode = ExitCode(exitCodes, signals.Stop.IsCancellationRequested);
        display.End(results, Next(place, exitCode, request));
        if (request.Form == "json")
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(StudyDocument.Of(results), CliJson.Readable.StudyDocument));
        }

        return exitCode;
    }

    /// <summary>One that stopped makes the study stopped; else one that failed makes it failed, with its own code where all failed alike.</summary>
    internal static int ExitCode(IReadOnlyList<int> runs, bool stopped)
    {
        int[] bad = [.. runs.Where(code => code != ExitCodes.Done).Distinct()];
        return bad.Length == 0 ? ExitCodes.Done : stopped && bad.Contains(ExitCodes.Stopped) ? ExitCodes.Stopped : bad.Length == 1 && runs.All(code => code == bad[0]) ? bad[0] : RunExit.Failed;
    }

    private static void RefuseAnother(StudySource source, StudyDirectory place)
    {
        if (RunSource.Stored(place.Own) is { } run)
        {
            throw new CliException(ExitCodes.BadSpec, $"{WorkDirectory.Shorten(place.Root)} holds the run \"{run.Run.Metadata.Name}\". Give the study its own --workdir.");
        }

        if (StudySource.Stored(place) is { } before && before.Name != source.Name)
        {
            throw new CliException(ExitCodes.BadSpec, $"{WorkDirectory.Shorten(place.Root)} holds the study \"{before.Name}\", and the manifest's metadata.name is \"{source.Name}\". Give this study its own --workdir.");
        }
    }

    private static IStudyDisplay Display(string form, TimeProvider time) => form switch
    {
        "json" => new StudyLines(Console.Error, time),
        "text" => new StudyText(Console.Out),
        _ when !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi => new StudyTerminal(AnsiConsole.Console),
        _ => new StudyLinesAndTables(new StudyLines(Console.Out, time), Console.Error),
    };

    private static string[] Next(StudyDirectory place, int exitCode, Request request) => exitCode switch
    {
        ExitCodes.Done => [$"Report: {WorkDirectory.Shorten(place.ReportFile)}, tables: {WorkDirectory.Shorten(place.MarkdownFile)}, a row for each run: {WorkDirectory.Shorten(place.CsvFile)}"],
        ExitCodes.Stopped => [$"Go on with: {request.Command}"],
        _ => [$"Each run's logs are in {WorkDirectory.Shorten(Path.Combine(place.Root, "runs"))}/RUN/logs. When the cause is mended, the same command goes on: {request.Command}"],
    };

    private sealed record Request(string File, string? Workdir, int? Concurrency, StudyFiles Files, string Form)
    {
        public string Command => $"{CommandName.Value} study -f {ShellWord.Quote(File)}"
            + Option("--workdir", Workdir)
            + Option("--concurrency", Concurrency?.ToString(CultureInfo.InvariantCulture))
            + Option("--report", Files.Report)
            + Option("--csv", Files.Csv)
            + Option("--markdown", Files.Markdown);

        private static string Option(string name, string? value) => value is null ? "" : $" {name} {ShellWord.Quote(value)}";
    }
}

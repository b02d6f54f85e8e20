using System.CommandLine;
using System.Text.Json;
using Cpt.Cli.Display;
using Cpt.Cli.Running;
using Cpt.Cli.Status;
using Cpt.Cli.Studies;
using Cpt.Cli.Studies.Display;
using Cpt.Contract;
using Spectre.Console;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt status</c>: how far a run is, from its work directory alone, so that it answers at once and while the run goes on.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var file = RunOptions.File();
        var workdir = RunOptions.Workdir();
        var output = RunOptions.Output("text or json", "text", "json");
        var command = new Command("status", "How far a run or a study is, and what came out so far")
        {
            file, workdir, output,
        }.WithExamples("""
            All scores, AvgAcc and FM are in percent. Works while the run goes on, too.

              cpt status                                    the only run in .cpt/
              cpt status --workdir .cpt/quickstart -o json  for scripts
              cpt status -o json | jq '.averageAccuracy, .forgetting, .stages[].state'
            """);
        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            var console = Console.IsOutputRedirected ? PlainConsole.On(result.InvocationConfiguration.Output) : AnsiConsole.Console;
            if (StudyPlace.Find(result.GetValue(workdir), result.GetValue(file)) is { } study)
            {
                var results = await new StudyGatherer(StudyPlace.Stored(study), study, TimeProvider.System).GatherAsync(cancellation);
                if (result.GetValue(output) == "json")
                {
                    await result.InvocationConfiguration.Output.WriteLineAsync(JsonSerializer.Serialize(StudyDocument.Of(results), CliJson.Readable.StudyDocument));
                }
                else
                {
                    StudyTables.Write(console, results, []);
                }

                return ExitCodes.Done;
            }

            var work = RunOptions.Existing(result.GetValue(workdir), result.GetValue(file));
            var stored = RunSource.Stored(work) ?? throw NotStarted(work);
            var status = StatusDocuments.Build(stored.Run, StatusFile.Read(work), work, active: WorkLock.Holder(work) is not null);
            if (result.GetValue(output) == "json")
            {
                await result.InvocationConfiguration.Output.WriteLineAsync(JsonSerializer.Serialize(status, CliJson.Readable.StatusDocument));
            }
            else
            {
                RunSummary.Write(console, status, []);
            }

            return ExitCodes.Done;
        }));
        return command;
    }

    public static CliException NotStarted(WorkDirectory work) => new(
        ExitCodes.InputNotFound,
        $"No run has been started in {WorkDirectory.Shorten(work.Root)}. Start one: {CommandName.Value} run -f FILE --workdir {WorkDirectory.Shorten(work.Root)}");
}

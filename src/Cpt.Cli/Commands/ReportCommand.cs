using System.CommandLine;
using Cpt.Cli.Reporting;
using Cpt.Cli.Running;
using Cpt.Cli.Studies;
using Cpt.Cli.Studies.Reports;
using Cpt.Contract;
using Cpt.Storage;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt report</c>: the whole run as one HTML page.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var file = RunOptions.File();
        var workdir = RunOptions.Workdir();
        var output = RunOptions.NotEmpty(new Option<string?>("--output", "-o") { Description = "Where to write it (default report.html in the work directory); - writes to standard output", HelpName = "FILE" });
        var command = new Command("report", "Write everything about a run, or a study, into one HTML page")
        {
            file, workdir, output,
        }.WithExamples("""
            The page needs nothing else: matrix, scores over the stages, training curves, lost answers, configuration, digests.
            cpt run writes it when it ends; this command also works while a run goes on.

              cpt report --workdir .cpt/quickstart -o quickstart.html
              cpt report --workdir .cpt/small                    a study: variants, differences, plots
            """);
        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            if (StudyPlace.Find(result.GetValue(workdir), result.GetValue(file)) is { } study)
            {
                return await WriteAsync(result, await OfStudyAsync(study, cancellation), result.GetValue(output) ?? study.ReportFile);
            }

            var work = RunOptions.Existing(result.GetValue(workdir), result.GetValue(file));
            var stored = RunSource.Stored(work) ?? throw StatusCommand.NotStarted(work);
            var error = result.InvocationConfiguration.Error;
            var options = new LocalEnvironment(work).StorageOptions(message => error.WriteLine(message));
            var store = CheckpointStore.Open(stored.Run.Spec.Storage.Uri, options);
            var source = ReportSource.OfLocal(stored, StatusFile.Read(work), work, WorkLock.Holder(work) is not null, TimeProvider.System);
            var model = await new ReportGatherer(store, TimeProvider.System).GatherAsync(source, cancellation);
            return await WriteAsync(result, HtmlReport.Render(model), result.GetValue(output) ?? work.ReportFile);
        }));
        return command;
    }

    private static async Task<string> OfStudyAsync(StudyDirectory place, CancellationToken cancellation)
    {
        var source = StudyPlace.Stored(place);
        return StudyHtml.Render(await new StudyGatherer(source, place, TimeProvider.System).GatherAsync(cancellation), Origin.Of(place, TimeProvider.System), source.Text);
    }

    private static async Task<int> WriteAsync(ParseResult result, string html, string target)
    {
        if (target == "-")
        {
            await result.InvocationConfiguration.Output.WriteAsync(html);
        }
        else
        {
            AtomicFile.Write(target, html);
            await result.InvocationConfiguration.Output.WriteLineAsync(WorkDirectory.Shorten(Path.GetFullPath(target)));
        }

        return ExitCodes.Done;
    }
}

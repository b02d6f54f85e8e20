using Cpt.Cli.Running;
using Cpt.Storage;

namespace Cpt.Cli.Reporting;

/// <summary>report.html at the end of a run; that it cannot be written must not turn a good run into a failed one.</summary>
internal static class ReportFile
{
    public static async Task TryWriteAsync(LocalRun local, CheckpointStore store, Action<string> warn, TimeProvider time)
    {
        try
        {
            if (local.Status is null)
            {
                return;
            }

            var model = await new ReportGatherer(store, time).GatherAsync(ReportSource.OfLocal(local.Source, local.Status, local.Work, active: false, time));
            AtomicFile.Write(local.Work.ReportFile, HtmlReport.Render(model));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CliException)
        {
            warn($"The report was not written: {error.Message}");
        }
    }
}

using System.CommandLine;
using Cpt.Cli.Commands;
using Cpt.Cli.Reporting;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Cluster;

/// <summary><c>kubectl cpt report RUN</c>: the page of <c>cpt report</c> for a run on a cluster.</summary>
internal static class ReportCommand
{
    public static Command Create(ClusterOptions options, string program)
    {
        var name = RunArgument.One(options);
        var file = RunOptions.NotEmpty(new Option<string?>("--file", "-f") { Description = "Where to write it (default RUN.html); - writes to standard output", HelpName = "FILE" });
        var storage = RunOptions.NotEmpty(new Option<string?>("--storage") { Description = "Where the run's storage is reached from here, if not at its own URI; none: leave it alone", HelpName = "URI" });
        var command = new Command("report", "Write everything about a run into one HTML page")
        {
            name, file, storage,
        }.WithExamples($"""
            Matrix, scores and stages come from the run's status. Training curves and lost answers come from its storage, which is read with the credentials in this
            environment, as cpt run reads it (docs/storage.md). Where it cannot be read, the page says so and shows the rest.

              {program} report demo
              {program} report demo -f - --storage none > demo.html
              {program} report demo --storage file:///mnt/checkpoints/demo
            """);
        command.SetAction((result, stop) => ClusterErrors.GuardAsync(result, options, stop, async session =>
        {
            var run = await RunArgument.GetAsync(session, result.GetValue(name));
            var source = ReportSource.OfCluster(RunArgument.Read(run));
            var model = await StorageForReport.WithAsync(
                result.GetValue(storage) ?? source.Run.Spec.Storage.Uri,
                session.Error.WriteLine,
                (store, note) => new ReportGatherer(store, session.Time).GatherAsync(source with { StorageNote = note }, stop),
                stop);
            var html = HtmlReport.Render(model);
            var target = result.GetValue(file) ?? run.Metadata.Name + ".html";
            if (target == "-")
            {
                await session.Output.WriteAsync(html);
                return ExitCodes.Done;
            }

            AtomicFile.Write(target, html);
            await session.Output.WriteLineAsync(WorkDirectory.Shorten(Path.GetFullPath(target)));
            if (model.StorageNote is { } missing)
            {
                await session.Error.WriteLineAsync(missing);
            }

            return ExitCodes.Done;
        }));
        return command;
    }
}

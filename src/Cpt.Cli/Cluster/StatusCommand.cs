using System.CommandLine;
using Cpt.Cli.Commands;
using Cpt.Cli.Display;
using Cpt.Cli.Status;
using Cpt.Contract;
using Cpt.Runs;

namespace Cpt.Cli.Cluster;

/// <summary><c>kubectl cpt status RUN</c>: everything the cluster knows of a run, once or until it ends.</summary>
internal static class StatusCommand
{
    public static Command Create(ClusterOptions options, string program)
    {
        var name = RunArgument.One(options);
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on showing changes until the run ends" };
        var output = Forms.Option(Forms.Table, Forms.Json, Forms.Yaml, Forms.Name);
        var command = new Command("status", "How far a run is: stages, matrix, conditions, what it waits for, recent events")
        {
            name, watch, output,
        }.WithExamples($"""
            All scores, AvgAcc and FM are in percent. -o json has the fields of cpt status -o json, and conditions and events.

              {program} status demo
              {program} status demo -w                        until it ends
              {program} status demo -o json | jq '.averageAccuracy, .forgetting, .stages[].state'

            Exit codes: 0 done; 1 an error. With --watch: 0 the run succeeded; 1 it failed or was deleted.
            """);
        command.SetAction((result, stop) => ClusterErrors.GuardAsync(result, options, stop, async session =>
        {
            var run = await RunArgument.GetAsync(session, result.GetValue(name));
            var form = result.GetRequiredValue(output);
            if (result.GetValue(watch))
            {
                return await new StatusWatch(session, form).UntilTheEndAsync(run.Metadata.Name!);
            }

            await WriteAsync(session, await DocumentAsync(session, run), form);
            return ExitCodes.Done;
        }));
        return command;
    }

    public static async Task<StatusDocument> DocumentAsync(ClusterSession session, RunObject run) =>
        StatusDocuments.OfCluster(RunArgument.Read(run), await RecentEvents.OfAsync(session, run));

    public static async Task WriteAsync(ClusterSession session, StatusDocument status, string form)
    {
        switch (form)
        {
            case Forms.Name:
                await session.Output.WriteLineAsync(RunArgument.Display(status.Run));
                break;
            case Forms.Json or Forms.Yaml:
                await Forms.WriteAsync(session.Output, status, CliJson.Readable.StatusDocument, form);
                break;
            default:
                Forms.ConsoleOn(session.Output).Write(RunSummary.OfCluster(status, session.Time.GetUtcNow()));
                break;
        }
    }
}

using System.CommandLine;
using Cpt.Api;
using Cpt.Cli.Commands;
using Cpt.Cli.Display;
using Cpt.Cli.Status;
using Cpt.Contract;
using Cpt.Runs;

namespace Cpt.Cli.Cluster;

/// <summary><c>kubectl cpt list</c>: the columns of <c>kubectl get crun</c>, from a server of any age.</summary>
internal static class ListCommand
{
    public static Command Create(ClusterOptions options, string program)
    {
        var everywhere = new Option<bool>("--all-namespaces", "-A") { Description = "Runs of every namespace" };
        var selector = new Option<string?>("--selector", "-l") { Description = "Only runs with these labels, for example team=ml,tier!=test", HelpName = "LABELS" };
        var output = Forms.Option(Forms.Table, Forms.Wide, Forms.Json, Forms.Yaml, Forms.Name);
        var command = new Command("list", "List runs")
        {
            everywhere, selector, output,
        }.WithExamples($"""
            The same columns as kubectl get crun; -o json is a list of the documents that status -o json prints.

              {program} list -A -o wide
              {program} list -o name | xargs {program} suspend
            """);
        command.Aliases.Add("ls");
        command.SetAction((result, stop) => ClusterErrors.GuardAsync(result, options, stop, async session =>
        {
            var all = result.GetValue(everywhere);
            var runs = (await session.Client.ListAsync<RunObject>(new() { Namespace = all ? null : session.Namespace, LabelSelector = result.GetValue(selector) }, stop)).Items;
            switch (result.GetValue(output))
            {
                case Forms.Name:
                    foreach (var run in runs)
                    {
                        await session.Output.WriteLineAsync(RunArgument.Display(run.Metadata.Name!));
                    }

                    break;
                case Forms.Json or Forms.Yaml:
                    StatusDocument[] documents = [.. runs.Where(run => run.Spec.Value is not null).Select(run => StatusDocuments.OfCluster(run.ToRun()))];
                    await Forms.WriteAsync(session.Output, documents, CliJson.Readable.StatusDocumentArray, result.GetValue(output)!);
                    break;
                case var form when runs.Count > 0:
                    await session.Output.WriteAsync(ColumnText.Of(Table(runs, all, form == Forms.Wide, session.Time.GetUtcNow())));
                    break;
                default:
                    await session.Error.WriteLineAsync(all ? "No runs found." : $"No runs found in {session.Namespace} namespace.");
                    break;
            }

            return ExitCodes.Done;
        }));
        return command;
    }

    /// <returns>The heading, then a line for each run.</returns>
    internal static IReadOnlyList<IReadOnlyList<string?>> Table(IReadOnlyList<RunObject> runs, bool namespaces, bool wide, DateTimeOffset now)
    {
        string?[] heading = ["NAME", "SUCCEEDED", "REASON", "STAGE", "DONE", "PROGRESS", "AVGACC", "FM", "AGE"];
        string?[] more = ["METHODS", "RETRIES", "PREEMPTIONS", "CHECKPOINT", "MODEL"];
        return [Line("NAMESPACE", heading, more), .. runs.Select(run => Line(run.Metadata.Namespace, Cells(run, now), More(run)))];

        IReadOnlyList<string?> Line(string? first, string?[] cells, string?[] last) => [.. namespaces ? [first] : (string?[])[], .. cells, .. wide ? last : []];
    }

    private static string?[] Cells(RunObject run, DateTimeOffset now)
    {
        var status = run.Status.Value;
        var summary = status?.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.Succeeded);
        var age = run.Metadata.CreationTimestamp is { } created ? ClusterSections.Age(now - created) : "";
        return [run.Metadata.Name, summary?.Status, status?.Reason, status?.CurrentStage, status?.StagesDone, status?.Progress, status?.AverageAccuracy, status?.Forgetting, age];
    }

    private static string?[] More(RunObject run)
    {
        var status = run.Status.Value;
        return [status?.Methods, Number(status?.Retries), Number(status?.Preemptions), Short(status?.Checkpoint), run.Spec.Value?.BaseModel.Uri];
    }

    private static string? Number(int? number) => number?.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string? Short(string? digest) => digest is { Length: > 12 } ? digest[..12] : digest;
}

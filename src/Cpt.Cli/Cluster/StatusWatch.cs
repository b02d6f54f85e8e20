using System.Globalization;
using System.Text.Json;
using Cpt.Cli.Display;
using Cpt.Cli.Status;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Runs;
using Spectre.Console;

namespace Cpt.Cli.Cluster;

/// <summary>
/// <c>status --watch</c>: on a terminal the whole status, drawn anew at each change; elsewhere a line for what changed, and the whole at the end; as JSON or YAML a document
/// for each change.
/// </summary>
internal sealed class StatusWatch(ClusterSession session, string form)
{
    private string? _lastLine;

    /// <returns>0: it succeeded; 1: it failed or was deleted.</returns>
    public async Task<int> UntilTheEndAsync(string name)
    {
        var console = Forms.ConsoleOn(session.Output);
        return form == Forms.Table && console.Profile.Capabilities.Ansi
            ? await console.Live(new Text("")).StartAsync(context => FollowAsync(name, status => context.UpdateTarget(RunSummary.OfCluster(status, session.Time.GetUtcNow()))))
            : await FollowAsync(name, Tell);
    }

    private async Task<int> FollowAsync(string name, Action<StatusDocument> show)
    {
        var which = new ListOptions { Namespace = session.Namespace, FieldSelector = "metadata.name=" + name };
        await foreach (var runs in Live.ObjectsAsync<RunObject>(session, which, Lost, session.Stop))
        {
            if (!runs.TryGetValue(name, out var run))
            {
                throw new CliException(ClusterErrors.ExitCode, $"error: {RunArgument.Display(name)} was deleted");
            }

            var status = StatusDocuments.OfCluster(RunArgument.Read(run));
            var ended = status.State is RunState.Succeeded or RunState.Failed && !Pending(run);
            show(ended || form != Forms.Table ? status with { Events = await RecentEvents.OfAsync(session, run) } : status);
            if (ended)
            {
                return status.State == RunState.Succeeded ? ExitCodes.Done : ClusterErrors.ExitCode;
            }
        }

        return ClusterErrors.ExitCode;
    }

    /// <summary>An edit (a new retryToken, another stage) that the operator has not looked at: the end it shows is the one before.</summary>
    private static bool Pending(RunObject run) => run.Status.Value?.ObservedGeneration < run.Metadata.Generation;

    private void Tell(StatusDocument status)
    {
        if (form == Forms.Table)
        {
            Line(status);
        }
        else if (form == Forms.Name)
        {
            session.Output.WriteLine(RunArgument.Display(status.Run));
        }
        else
        {
            session.Output.Write(form == Forms.Json ? JsonSerializer.Serialize(status, CliJson.OneLine.StatusDocument) + "\n" : "---\n" + YamlText.Of(JsonSerializer.SerializeToNode(status, CliJson.Readable.StatusDocument)));
        }

        session.Output.Flush();
    }

    private void Line(StatusDocument status)
    {
        var stage = status.Stages.FirstOrDefault(known => known.Name == status.CurrentStage);
        var where = stage is null ? "" : string.Create(CultureInfo.InvariantCulture, $" {stage.Name} ({stage.State}, attempt {stage.Attempts}{(stage.Step is { } step ? $", step {step}/{stage.Steps}" : "")})");
        var line = $"{status.Reason ?? "NotStarted"}{where}: {status.Message}";
        if (line != _lastLine)
        {
            session.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{session.Time.GetLocalNow():HH:mm:ss} {line}"));
            _lastLine = line;
        }

        if (status.State is RunState.Succeeded or RunState.Failed && status.Events is not null)
        {
            PlainConsole.On(session.Output).Write(RunSummary.OfCluster(status, session.Time.GetUtcNow()));
        }
    }

    private void Lost(Exception why)
    {
        if (form != Forms.Table || Console.IsOutputRedirected)
        {
            session.Error.WriteLine($"The API server does not answer ({why.Message}); waiting for it.");
        }
    }
}

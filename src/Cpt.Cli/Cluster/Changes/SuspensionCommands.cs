using System.CommandLine;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Cli.Commands;
using Cpt.Cli.Status;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Cluster.Changes;

/// <summary><c>kubectl cpt suspend|resume RUN</c>: <c>spec.suspend</c>.</summary>
internal static class SuspensionCommands
{
    public static Command Suspend(ClusterOptions options, string program) => Create(
        options,
        suspend: true,
        new Command("suspend", "Save and stop runs; all progress stays").WithExamples($"""
            The trainer commits its checkpoint within its grace period, then the pod ends and its GPUs are free.

              {program} suspend demo --wait
              {program} list -o name | xargs {program} suspend
            """),
        "Return only once nothing of the run is running");

    public static Command Resume(ClusterOptions options, string program) => Create(
        options,
        suspend: false,
        new Command("resume", "Let suspended runs go on from their last checkpoint").WithExamples($"""
              {program} resume demo --wait --timeout 5m
            """),
        "Return only once the operator has let it go on");

    internal static Change JudgeSuspend(RunObject run, StatusDocument? status) => (run.Spec.Value?.Suspend, status?.State) switch
    {
        (true, _) => new(null, "already suspended"),
        (_, RunState.Succeeded or RunState.Failed) => new(null, $"not suspended: it has ended ({status!.Reason})"),
        _ => new(new JsonObject { ["suspend"] = true }, "suspended"),
    };

    internal static Change JudgeResume(RunObject run, StatusDocument? status) => (run.Spec.Value?.Suspend, status) switch
    {
        (true, _) => new(new JsonObject { ["suspend"] = false }, "resumed"),
        (_, { Reason: Reasons.GateHeld }) => new(null, $"not resumed: a gate holds it ({status!.Message}); retry lets it go past"),
        _ => new(null, "already active"),
    };

    private static Command Create(ClusterOptions options, bool suspend, Command command, string waitText)
    {
        var names = RunArgument.Several(options);
        var wait = ChangeOptions.Wait(waitText);
        var timeout = ChangeOptions.WaitAtMost();
        var dryRun = ChangeOptions.DryRun();
        command.Add(names);
        command.Add(wait);
        command.Add(timeout);
        command.Add(dryRun);
        command.SetAction((result, stop) => ClusterErrors.GuardAsync(result, options, stop, session =>
        {
            Func<RunObject, Task>? then = result.GetValue(wait) ? run => WaitAsync(session, run, suspend, result.GetValue(timeout)) : null;
            return new RunChanger(session, ChangeOptions.Mode(result.GetRequiredValue(dryRun))).EachAsync(result.GetRequiredValue(names), suspend ? JudgeSuspend : JudgeResume, then);
        }));
        return command;
    }

    private static async Task WaitAsync(ClusterSession session, RunObject run, bool suspend, TimeSpan? timeout)
    {
        var name = run.Metadata.Name!;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(session.Stop);
        if (timeout is { } atMost)
        {
            enough.CancelAfter(atMost);
        }

        try
        {
            var which = new ListOptions { Namespace = session.Namespace, FieldSelector = "metadata.name=" + name };
            await foreach (var runs in Live.ObjectsAsync<RunObject>(session, which, lost => session.Error.WriteLine($"The API server does not answer ({lost.Message}); waiting for it."), enough.Token))
            {
                if (!runs.TryGetValue(name, out var now))
                {
                    throw new CliException(ClusterErrors.ExitCode, $"error: {RunArgument.Display(name)} was deleted");
                }

                if (Reached(now, suspend))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (!session.Stop.IsCancellationRequested)
        {
            throw new CliException(ClusterErrors.ExitCode, $"error: timed out waiting for {RunArgument.Display(name)} to be {(suspend ? "suspended" : "active")}");
        }
    }

    /// <summary>The operator has seen the change, and it is done. A run that ended meanwhile is at rest, too.</summary>
    internal static bool Reached(RunObject run, bool suspend)
    {
        if (run.Status.Value is not { } status || status.ObservedGeneration < run.Metadata.Generation)
        {
            return false;
        }

        var ended = status.Conditions.Any(condition => condition.Type == ConditionTypes.Succeeded && condition.Status != ConditionStatus.Unknown);
        return ended || (suspend ? status.Reason == Reasons.Suspended : status.Reason is not (Reasons.Suspended or Reasons.Suspending));
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Cli.Commands;
using Cpt.Cli.Status;
using Cpt.Runs;

namespace Cpt.Cli.Cluster.Changes;

/// <summary><c>kubectl cpt retry RUN</c>: a new <c>spec.retryToken</c>, where one leads to something.</summary>
internal static class RetryCommand
{
    public static Command Create(ClusterOptions options, string program)
    {
        var names = RunArgument.Several(options);
        var force = new Option<bool>("--force") { Description = "Also where the run is neither failed nor held: failures so far are forgotten, a wait for the next attempt ends" };
        var dryRun = ChangeOptions.DryRun();
        var command = new Command("retry", "Try failed runs again from their failed stage; let runs that a gate holds go past it")
        {
            names, force, dryRun,
        }.WithExamples($"""
            Finished stages are kept. Sets spec.retryToken to a new value, which anybody with an editor may do as well.

              {program} retry demo
              {program} retry demo --force          does not wait for the backoff to end
              {program} retry demo other --dry-run server
            """);
        command.SetAction((result, stop) => ClusterErrors.GuardAsync(result, options, stop, session =>
            new RunChanger(session, ChangeOptions.Mode(result.GetRequiredValue(dryRun))).EachAsync(
                result.GetRequiredValue(names),
                (run, status) => Judge(run, status, result.GetValue(force), NewToken(session.Time)))));
        return command;
    }

    internal static Change Judge(RunObject run, StatusDocument? status, bool force, string token)
    {
        var retry = new JsonObject { ["retryToken"] = token };
        if (run.Status.Value is { } seen && seen.ObservedGeneration < run.Metadata.Generation && seen.LastRetryToken is { } last && last != (run.Spec.Value?.RetryToken ?? ""))
        {
            return force ? new(retry, "retried") : new(null, "is being retried already: the operator has not looked at the last change yet");
        }

        return status switch
        {
            { State: RunState.Failed } or { Reason: Reasons.GateHeld } => new(retry, "retried" + (run.Spec.Value?.Suspend == true ? "; it is suspended, and goes on once it is resumed" : "")),
            _ when force => new(retry, "retried"),
            { State: RunState.Succeeded } => new(null, "not retried: it has succeeded"),
            { State: RunState.Suspended } => new(null, "not retried: it is suspended, not failed; resume it"),
            { Reason: Reasons.WaitingForRetry, NextRetryTime: { } next } =>
                new(null, string.Create(CultureInfo.InvariantCulture, $"not retried: its next attempt starts by itself at {next.LocalDateTime:HH:mm:ss}; --force starts it now")),
            { State: RunState.NotStarted } => new(null, "not retried: no operator has looked at it yet"),
            _ => new(null, $"not retried: it is not failed ({status?.Reason ?? "unknown"}{(status?.CurrentStage is { } stage ? $", stage {stage}" : "")})"),
        };
    }

    /// <summary>Different each time, and says when to whoever reads the manifest.</summary>
    private static string NewToken(TimeProvider time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}-{Guid.NewGuid().ToString("N")[..6]}");
}

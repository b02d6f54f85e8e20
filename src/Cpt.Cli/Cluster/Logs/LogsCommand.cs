using System.CommandLine;
using System.Globalization;
using Cpt.Cli.Commands;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Cluster.Logs;

/// <summary><c>kubectl cpt logs RUN</c>: what the trainer says, without knowing the names of pods.</summary>
internal static class LogsCommand
{
    public static Command Create(ClusterOptions options, string program)
    {
        var name = RunArgument.One(options);
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on, from attempt to attempt and stage to stage, until the run ends" };
        var stage = new Option<string?>("--stage") { Description = "Only of this stage", HelpName = "NAME" };
        stage.CompletionSources.Add(NameCompletion.Stages(options, name));
        var attempt = NumberOption.Whole(new Option<int?>("--attempt") { Description = "Only of this attempt; of --stage, or of the newest stage", HelpName = "N" }, 1);
        var previous = new Option<bool>("--previous", "-p") { Description = "Of the attempt before the newest one" };
        var all = new Option<bool>("--all-attempts") { Description = "Of every attempt whose pod is still there, in order" };
        var node = NumberOption.Whole(new Option<int>("--node") { Description = "Which node's, where a stage runs on several; 0 reports for all", HelpName = "N", DefaultValueFactory = _ => 0 }, 0);
        var tail = NumberOption.Whole(new Option<int?>("--tail") { Description = "Begin with the last N lines", HelpName = "N" }, -1);
        var since = KubectlDuration.Option("--since", "Begin with lines of the last 30s, 5m, 2h, …");
        var timestamps = new Option<bool>("--timestamps") { Description = "With the time at which the node took each line down" };
        var raw = new Option<bool>("--raw") { Description = "As the trainer wrote it: one JSON event a line" };
        var command = new Command("logs", "What the trainer of the current (or last) attempt says")
        {
            name, follow, stage, attempt, previous, all, node, tail, since, timestamps, raw,
        }.WithExamples($"""
            Says on standard error which pod it reads. Steps are shown every 5 seconds of training; --raw has all of them.

              {program} logs demo -f
              {program} logs demo --stage half --previous
              {program} logs demo --raw --all-attempts | jq -c 'select(.event == "step") | [.progress.step, .progress.loss]'
            """);
        command.SetAction((result, stop) => ClusterErrors.GuardAsync(result, options, stop, async session =>
        {
            var run = await RunArgument.GetAsync(session, result.GetValue(name));
            var wanted = new LogOptions
            {
                TailLines = result.GetValue(tail) is >= 0 and { } lines ? lines : null,
                SinceSeconds = result.GetValue(since) is { } time ? Math.Max(1, (int)Math.Ceiling(time.TotalSeconds)) : null,
            };
            var printer = new LogPrinter(session.Output, result.GetValue(raw), result.GetValue(timestamps));
            var asked = new LogChoice(result.GetValue(stage), result.GetValue(attempt), result.GetValue(node), null);
            RefuseUnknownStage(run, asked.Stage);
            var pods = Choose(await RunMonitor.PodsAsync(session, run.Metadata.Name!), asked, result.GetValue(previous), result.GetValue(all));
            if (result.GetValue(follow))
            {
                await using var monitor = await RunMonitor.StartAsync(session, run);
                await new LogFollower(session, monitor, asked with { First = pods.Count > 0 ? pods[0] : null }, wanted, printer).FollowAsync();
            }
            else
            {
                await PrintAsync(session, run, pods, wanted, printer);
            }

            return ExitCodes.Done;
        }));
        return command;
    }

    /// <summary>The pods that are there already, in order: the newest attempt's alone unless more is asked for.</summary>
    internal static IReadOnlyList<AttemptPod> Choose(IEnumerable<Pod> pods, LogChoice asked, bool previous, bool all)
    {
        var chosen = asked.Of(pods).ToList();
        if (all || chosen.Count == 0)
        {
            return chosen;
        }

        var newest = chosen[^1];
        if (!previous)
        {
            return [newest];
        }

        return chosen.FindLast(pod => pod.Stage == newest.Stage && pod.Attempt < newest.Attempt) is { } before
            ? [before]
            : throw new CliException(ClusterErrors.ExitCode, $"error: no pod of an attempt before {newest.Attempt.ToString(CultureInfo.InvariantCulture)} of stage {newest.Stage} is left");
    }

    private static async Task PrintAsync(ClusterSession session, RunObject run, IReadOnlyList<AttemptPod> pods, LogOptions wanted, LogPrinter printer)
    {
        if (pods.Count == 0)
        {
            throw new CliException(ClusterErrors.ExitCode, $"error: no such pod of {RunArgument.Display(run.Metadata.Name!)} is there{(run.Status.Value is { Message: { } message } status ? $" ({status.Reason}: {message})" : "")}; with --follow it is waited for");
        }

        foreach (var pod in pods)
        {
            await session.Error.WriteLineAsync($"== stage {pod.Stage}, attempt {pod.Attempt.ToString(CultureInfo.InvariantCulture)} (pod {pod.Name})");
            if (!pod.HasStarted && !pod.IsOver)
            {
                // The API server would answer with an empty log, or wait.
                throw new CliException(ClusterErrors.ExitCode, $"error: container \"{pod.Container}\" in pod \"{pod.Name}\" is waiting to start: {pod.Waiting}");
            }

            var log = new PodLog(session, pod, wanted);
            await foreach (var line in log.PassAsync(follow: false, final: true, session.Stop))
            {
                printer.Print(pod, line);
            }

            if (log.Broken is { } broken)
            {
                throw broken is KubernetesException ? broken : new CliException(ClusterErrors.ExitCode, $"error: the log of pod {pod.Name} broke off: {broken.Message}");
            }
        }
    }

    private static void RefuseUnknownStage(RunObject run, string? stage)
    {
        if (stage is not null && run.Spec.Value is { } spec && spec.Stages.All(known => known.Name != stage))
        {
            throw new CliException(ClusterErrors.ExitCode, $"error: --stage: {RunArgument.Display(run.Metadata.Name!)} has no stage \"{stage}\"; it has: {string.Join(", ", spec.Stages.Select(known => known.Name))}");
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Contract;
using Cpt.Kubernetes;

namespace Cpt.Cli.Tests.Cluster;

/// <summary>Logs through a real API server, from a kubelet that is played here.</summary>
[Trait("Category", "Cluster")]
public sealed class LogsTests(ApiServer server) : IAsyncLifetime
{
    private static readonly DateTimeOffset s_start = SampleRun.Start;

    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private Kubelet _kubelet = null!;
    private RunPods _pods = null!;
    private string _namespace = "";

    public async ValueTask InitializeAsync()
    {
        _namespace = await server.StartAsync();
        _kubelet = await Kubelet.StartAsync(server, _namespace);
        _pods = new RunPods(server, _namespace, _kubelet.Node);
    }

    public ValueTask DisposeAsync() => _kubelet.DisposeAsync();

    [Fact]
    public async Task TheNewestAttemptsLogIsShownInWords()
    {
        await server.CreateAsync(_namespace, "demo", SampleRun.Training());
        await PodAsync("half", 1, "Failed");
        var pod = await PodAsync("half", 2, "Running");
        _kubelet[pod].Write(s_start, Line("step", "half", step: 1));
        _kubelet[pod].Write(s_start.AddSeconds(1), Line("step", "half", step: 2));
        _kubelet[pod].Write(s_start.AddSeconds(6), Line("step", "half", step: 30));
        _kubelet[pod].Write(s_start.AddSeconds(7), """{"time":"2026-01-02T03:00:07Z","event":"checkpoint","message":"Committed step 40."}""");
        _kubelet[pod].Write(s_start.AddSeconds(8), "libtorch: a word of its own");

        var result = await server.RunAsync(_namespace, "logs", "demo");
        Assert.True(result.ExitCode == 0, result.ToString());
        var lines = result.Output.TrimEnd().Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Contains("half: step 1/200, loss 0.500", lines[0], StringComparison.Ordinal);
        Assert.Contains("half: step 30/200", lines[1], StringComparison.Ordinal);
        Assert.Contains("half: Committed step 40.", lines[2], StringComparison.Ordinal);
        Assert.Equal("libtorch: a word of its own", lines[3]);
        Assert.Equal($"== stage half, attempt 2 (pod {pod})\n", result.Error);
    }

    [Fact]
    public async Task RawLinesAreTheTrainersOwn()
    {
        await server.CreateAsync(_namespace, "demo", SampleRun.Training());
        var pod = await PodAsync("half", 2, "Running");
        var line = Line("step", "half", step: 1);
        _kubelet[pod].Write(s_start, line);
        _kubelet[pod].Write(s_start.AddSeconds(1), "två");
        Assert.Equal($"{line}\ntvå\n", (await server.RunAsync(_namespace, "logs", "demo", "--raw")).Output);
        Assert.Equal("2026-01-02T03:00:01.000000000Z två\n", (await server.RunAsync(_namespace, "logs", "demo", "--raw", "--timestamps", "--tail", "1", "--since", "5m")).Output);
        Assert.Contains("sinceSeconds=300&", _kubelet.Asked.Last() + "&", StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStageAnAttemptOrThePreviousOneMayBeAskedFor()
    {
        await server.CreateAsync(_namespace, "demo", SampleRun.Training());
        foreach (var (stage, attempt) in ((string, int)[])[("parity", 1), ("half", 1), ("half", 2)])
        {
            await PodAsync(stage, attempt, "Succeeded");
            _kubelet[Pod(stage, attempt)].Write(s_start, $"{stage} {attempt}");
        }

        Assert.Equal("half 2\n", (await server.RunAsync(_namespace, "logs", "demo")).Output);
        Assert.Equal("half 1\n", (await server.RunAsync(_namespace, "logs", "demo", "--previous")).Output);
        Assert.Equal("parity 1\n", (await server.RunAsync(_namespace, "logs", "demo", "--stage", "parity")).Output);
        Assert.Equal("half 1\n", (await server.RunAsync(_namespace, "logs", "demo", "--stage", "half", "--attempt", "1")).Output);
        Assert.Equal("parity 1\nhalf 1\nhalf 2\n", (await server.RunAsync(_namespace, "logs", "demo", "--all-attempts")).Output);

        var unknown = await server.RunAsync(_namespace, "logs", "demo", "--stage", "hlaf");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("has no stage \"hlaf\"; it has: parity, half", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("no pod of an attempt before 1 of stage parity is left", (await server.RunAsync(_namespace, "logs", "demo", "--stage", "parity", "-p")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARunWithoutPodsIsToldWithItsReason()
    {
        await server.CreateAsync(_namespace, "demo", SampleRun.Suspended());
        var result = await server.RunAsync(_namespace, "logs", "demo");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no such pod of continualrun.cpt.dev/demo is there (Suspended: held)", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AContainerThatHasNotStartedIsToldInKubectlsWords()
    {
        await server.CreateAsync(_namespace, "demo", SampleRun.Training());
        await _pods.CreateAsync("half", 2, "Pending", scheduled: false);
        var result = await server.RunAsync(_namespace, "logs", "demo");
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("== stage half, attempt 2", result.Error, StringComparison.Ordinal);
        Assert.Contains("error: container \"trainer\" in pod \"demo-half-a2\" is waiting to start: Pending", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FollowingGoesOnAcrossAttemptsAndStagesUntilTheRunEnds()
    {
        await server.CreateAsync(_namespace, "demo", SampleRun.Training());
        var following = Follow("demo");
        var first = await PodAsync("parity", 1, "Pending");
        await WaitForErrorAsync("== stage parity, attempt 1 (pod demo-parity-a1)");
        await _pods.StateAsync(first, new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "ImagePullBackOff", ["message"] = "no such image" } });
        await WaitForErrorAsync("== pod demo-parity-a1 has not started: ImagePullBackOff: no such image");

        await _pods.RunningAsync(first);
        _kubelet[first].Write(s_start, "one");
        await WaitForOutputAsync("one\n");
        _kubelet[first].Write(s_start.AddSeconds(1), "two");
        _kubelet[first].End();
        await _pods.EndAsync(first, "Succeeded");

        var second = await PodAsync("half", 1, "Running");
        _kubelet[second].Write(s_start.AddSeconds(2), "three");
        await WaitForOutputAsync("one\ntwo\nthree\n");
        _kubelet[second].End();
        await _pods.EndAsync(second, "Failed");
        var third = await PodAsync("half", 2, "Running");
        _kubelet[third].Write(s_start.AddSeconds(3), "four");
        _kubelet[third].End();
        await _pods.EndAsync(third, "Succeeded");
        await server.SetStatusAsync(_namespace, "demo", SampleRun.Finished());

        Assert.Equal(0, await following);
        Assert.Equal("one\ntwo\nthree\nfour\n", _output.ToString());
        Assert.Equal(
            ["== stage parity, attempt 1 (pod demo-parity-a1)", "== pod demo-parity-a1 has not started: ImagePullBackOff: no such image", "== stage half, attempt 1 (pod demo-half-a1)", "== stage half, attempt 2 (pod demo-half-a2)"],
            _error.ToString().TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task BrokenConnectionsNeitherRepeatNorLoseLines()
    {
        await server.CreateAsync(_namespace, "demo", SampleRun.Training());
        var pod = await PodAsync("half", 2, "Running");
        var log = _kubelet[pod];
        var following = Follow("demo");
        var expected = "";
        for (var round = 0; round < 4; round++)
        {
            // Equal lines at equal times, and one that comes late: only their number and their text tell them apart.
            foreach (var (tenths, text) in (ReadOnlySpan<(int, string)>)[(0, "same"), (0, "same"), (5, $"round {round}"), (4, "late"), (19, "end")])
            {
                log.Write(s_start.AddSeconds(2 * round).AddMilliseconds(100 * tenths), text);
                expected += text + "\n";
            }

            await WaitForOutputAsync(expected);
            await _kubelet.DropAsync();
        }

        log.Write(s_start.AddSeconds(20), "last");
        log.End();
        await _pods.EndAsync(pod, "Succeeded");
        await server.SetStatusAsync(_namespace, "demo", SampleRun.Finished());
        Assert.Equal(0, await following);
        Assert.Equal(expected + "last\n", _output.ToString());
        Assert.Contains(_kubelet.Asked, query => query.Contains("sinceTime=2026-01-02T03%3A00%3A0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OneAttemptIsFollowedToItsOwnEnd()
    {
        await server.CreateAsync(_namespace, "demo", SampleRun.Training());
        var pod = await PodAsync("half", 1, "Running");
        await PodAsync("half", 2, "Running");
        _kubelet[pod].Write(s_start, "first");
        var following = Follow("demo", "--stage", "half", "--attempt", "1");
        await WaitForOutputAsync("first\n");
        _kubelet[pod].End();
        await _pods.EndAsync(pod, "Failed");
        Assert.Equal(0, await following);
        Assert.Equal("first\n", _output.ToString());
    }

    [Fact]
    public async Task ADeletedPodAndADeletedRunEndTheFollowing()
    {
        await server.CreateAsync(_namespace, "demo", SampleRun.Training());
        var pod = await PodAsync("half", 2, "Running");
        _kubelet[pod].Write(s_start, "one");
        var following = Follow("demo");
        await WaitForOutputAsync("one\n");
        await server.Client.DeleteAsync<Pod>(pod, _namespace, new() { GracePeriodSeconds = 0 });
        _kubelet[pod].End();
        await server.SetStatusAsync(_namespace, "demo", SampleRun.Suspended());
        await WaitForErrorAsync("== Suspended: held");
        await server.Client.DeleteAsync<Cpt.Runs.RunObject>("demo", _namespace);
        Assert.Equal(0, await following);
        await WaitForErrorAsync("== the run was deleted");
    }

    [Fact]
    public async Task CtrlCEndsTheFollowing()
    {
        await server.CreateAsync(_namespace, "demo", SampleRun.Training());
        var pod = await PodAsync("half", 2, "Running");
        _kubelet[pod].Write(s_start, "one");
        using var stop = new CancellationTokenSource();
        var following = Plugin.Start(["logs", "demo", "-f", "--kubeconfig", server.Cluster.Kubeconfig, "-n", _namespace], _output, _error, stop.Token);
        await WaitForOutputAsync("one\n");
        await stop.CancelAsync();
        Assert.Equal(130, await following);
    }

    private Task<int> Follow(string run, params string[] more) =>
        Plugin.Start(["logs", run, "-f", "--raw", .. more, "--kubeconfig", server.Cluster.Kubeconfig, "-n", _namespace], TextWriter.Synchronized(_output), TextWriter.Synchronized(_error), CancellationToken.None);

    private Task WaitForOutputAsync(string text) => Eventually.ThatAsync(() => Read(_output) == text);

    private Task WaitForErrorAsync(string text) => Eventually.ThatAsync(() => Read(_error).Contains(text, StringComparison.Ordinal));

    private static string Read(StringWriter writer)
    {
        // A builder that grows while it is read throws; the next look sees it whole.
        try
        {
            return writer.ToString();
        }
        catch (ArgumentOutOfRangeException)
        {
            return "";
        }
    }

    private static string Pod(string stage, int attempt) => RunPods.Name(stage, attempt);

    private Task<string> PodAsync(string stage, int attempt, string phase) => _pods.CreateAsync(stage, attempt, phase);

    private static string Line(string what, string stage, int step) => JsonSerializer.Serialize(
        new TrainerEvent { Time = s_start.AddSeconds(step), Event = what, Progress = new StageProgress { Stage = stage, Attempt = 2, Phase = TrainerPhase.Training, Step = step, Steps = 200, Loss = 0.5 } },
        ContractJson.Default.TrainerEvent);
}

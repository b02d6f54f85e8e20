using Cpt.Api;
using Cpt.Cli.Cluster.Changes;
using Cpt.Cli.Status;
using Cpt.Runs;

namespace Cpt.Cli.Tests.Cluster;

/// <summary>Commands that change a run's spec, against a real API server.</summary>
[Trait("Category", "Cluster")]
public sealed class ChangeTests(ApiServer server)
{
    [Fact]
    public async Task AFailedRunIsRetriedWithATokenThatIsNew()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "demo", SampleRun.Failed());
        Assert.Equal("continualrun.cpt.dev/demo retried\n", (await server.RunAsync(ns, "retry", "demo")).Output);
        var token = await TokenAsync(ns);
        Assert.Matches(@"^\d{8}T\d{6}Z-[0-9a-f]{6}$", token);

        Assert.Contains("is being retried already", (await server.RunAsync(ns, "retry", "demo")).Output, StringComparison.Ordinal);
        Assert.Equal(token, await TokenAsync(ns));
        await server.SetStatusAsync(ns, "demo", SampleRun.Failed() with { LastRetryToken = token });
        await server.RunAsync(ns, "retry", "demo");
        Assert.NotEqual(token, await TokenAsync(ns));
    }

    [Fact]
    public async Task ARunThatIsNotFailedIsLeftAlone()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "demo", SampleRun.Training());
        var result = await server.RunAsync(ns, "retry", "demo");
        Assert.Equal("continualrun.cpt.dev/demo not retried: it is not failed (Running, stage half)\n", result.Output);
        Assert.Equal(0, result.ExitCode);
        Assert.Null(await TokenAsync(ns));
        Assert.Equal("continualrun.cpt.dev/demo retried\n", (await server.RunAsync(ns, "retry", "demo", "--force")).Output);
        Assert.NotNull(await TokenAsync(ns));
    }

    [Theory]
    [InlineData("client", "dry run")]
    [InlineData("server", "server dry run")]
    public async Task ADryRunStoresNothing(string mode, string said)
    {
        var ns = await server.StartAsync();
        var before = await server.CreateAsync(ns, "demo", SampleRun.Failed());
        Assert.Equal($"continualrun.cpt.dev/demo retried ({said})\n", (await server.RunAsync(ns, "retry", "demo", "--dry-run", mode)).Output);
        Assert.Equal($"continualrun.cpt.dev/demo not suspended: it has ended (RetriesExhausted)\n", (await server.RunAsync(ns, "suspend", "demo", $"--dry-run={mode}")).Output);
        Assert.Equal(before.Metadata.ResourceVersion, (await server.Client.GetAsync<RunObject>("demo", ns)).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task SuspendingAndResumingAreIdempotentAndTakeSeveralRuns()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "one", SampleRun.Training());
        await server.CreateAsync(ns, "two", SampleRun.Training());
        Assert.Equal("continualrun.cpt.dev/one suspended\n", (await server.RunAsync(ns, "suspend", "one")).Output);
        Assert.Equal("continualrun.cpt.dev/one already suspended\ncontinualrun.cpt.dev/two suspended\n", (await server.RunAsync(ns, "suspend", "one", "two")).Output);
        Assert.True((await server.Client.GetAsync<RunObject>("two", ns)).Spec.Value!.Suspend);
        Assert.Equal("continualrun.cpt.dev/one resumed\n", (await server.RunAsync(ns, "resume", "one")).Output);
        Assert.Equal("continualrun.cpt.dev/one already active\n", (await server.RunAsync(ns, "resume", "one")).Output);
        Assert.False((await server.Client.GetAsync<RunObject>("one", ns)).Spec.Value!.Suspend);
    }

    [Fact]
    public async Task OneThatIsMissingDoesNotKeepTheOthersBack()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "two", SampleRun.Training());
        var result = await server.RunAsync(ns, "suspend", "one", "two");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("continualrun.cpt.dev/two suspended\n", result.Output);
        Assert.Equal("Error from server (NotFound): continualruns.cpt.dev \"one\" not found\n", result.Error);
    }

    [Fact]
    public async Task WaitingEndsOnceTheOperatorSaysThatItIsSuspended()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "demo", SampleRun.Training());
        var suspending = server.RunAsync(ns, "suspend", "demo", "--wait");
        await Eventually.ThatAsync(async () => (await server.Client.GetAsync<RunObject>("demo", ns)).Spec.Value!.Suspend == true);
        await server.SetStatusAsync(ns, "demo", SampleRun.Suspended(Reasons.Suspending));
        Assert.False(suspending.IsCompleted);
        await server.SetStatusAsync(ns, "demo", SampleRun.Suspended());
        Assert.Equal(0, (await suspending).ExitCode);

        var late = await server.RunAsync(ns, "resume", "demo", "--wait", "--timeout", "50ms");
        Assert.Equal(1, late.ExitCode);
        Assert.Equal("error: timed out waiting for continualrun.cpt.dev/demo to be active\n", late.Error);
    }

    [Fact]
    public async Task ARefusalNamesTheField()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "demo", SampleRun.Failed());
        var result = await server.RunAsync(ns, "retry", "demo", "--as", "nobody");
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("Error from server (Forbidden): ", result.Error, StringComparison.Ordinal);
    }

    private async Task<string?> TokenAsync(string ns) => (await server.Client.GetAsync<RunObject>("demo", ns)).Spec.Value!.RetryToken;
}

/// <summary>What is to be done about a run, by how it stands.</summary>
public sealed class ChangeJudgementTests
{
    [Fact]
    public void OnlyAFailedOrHeldRunIsRetried()
    {
        Assert.NotNull(Retry(SampleRun.Failed()).Spec);
        Assert.NotNull(Retry(SampleRun.Suspended(Reasons.GateHeld)).Spec);
        Assert.Equal("retried; it is suspended, and goes on once it is resumed", Retry(SampleRun.Failed(), suspend: true).Said);
        Assert.Equal("not retried: it has succeeded", Retry(SampleRun.Finished()).Said);
        Assert.Equal("not retried: it is suspended, not failed; resume it", Retry(SampleRun.Suspended(), suspend: true).Said);
        Assert.StartsWith("not retried: its next attempt starts by itself at ", Retry(SampleRun.Waiting()).Said, StringComparison.Ordinal);
        Assert.Equal("not retried: no operator has looked at it yet", Retry(null).Said);
        Assert.All((ContinualRunStatus?[])[SampleRun.Finished(), SampleRun.Suspended(), SampleRun.Waiting(), SampleRun.Training(), null], status =>
        {
            Assert.Null(Retry(status).Spec);
            Assert.Equal("t", Retry(status, force: true).Spec!["retryToken"]!.GetValue<string>());
        });
    }

    [Fact]
    public void AnEndedRunIsNotSuspendedAndAHeldOneNotResumed()
    {
        Assert.Equal("not suspended: it has ended (AllStagesFinished)", Judge(SampleRun.Finished(), false, SuspensionCommands.JudgeSuspend).Said);
        Assert.Equal("not resumed: a gate holds it (held); retry lets it go past", Judge(SampleRun.Suspended(Reasons.GateHeld), false, SuspensionCommands.JudgeResume).Said);
        Assert.Equal("suspended", Judge(null, false, SuspensionCommands.JudgeSuspend).Said);
        Assert.Equal("resumed", Judge(SampleRun.Failed(), true, SuspensionCommands.JudgeResume).Said);
    }

    [Fact]
    public void AnOldStatusSaysNothingAboutANewWish()
    {
        var run = Run(SampleRun.Suspended() with { ObservedGeneration = 1 }, suspend: true);
        run.Metadata.Generation = 2;
        Assert.False(SuspensionCommands.Reached(run, suspend: true));
        run.Metadata.Generation = 1;
        Assert.True(SuspensionCommands.Reached(run, suspend: true));
        Assert.False(SuspensionCommands.Reached(run, suspend: false));
        Assert.True(SuspensionCommands.Reached(Run(SampleRun.Finished() with { ObservedGeneration = 1 }, true), suspend: true));
    }

    private static Change Retry(ContinualRunStatus? status, bool suspend = false, bool force = false) =>
        Judge(status, suspend, (run, document) => RetryCommand.Judge(run, document, force, "t"));

    private static Change Judge(ContinualRunStatus? status, bool suspend, Func<RunObject, StatusDocument?, Change> judge)
    {
        var run = Run(status, suspend);
        return judge(run, StatusDocuments.OfCluster(run.ToRun()));
    }

    private static RunObject Run(ContinualRunStatus? status, bool suspend) => RunObject.Of(SampleRun.Of("demo", "ml", suspend) with { Status = status });
}

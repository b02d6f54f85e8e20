using Cpt.Cli.Tests.Support;

namespace Cpt.Cli.Tests.Running;

/// <summary>A chain whose stages are trained by two workers each, on this machine.</summary>
[Trait("Category", "EndToEnd")]
public sealed class SeveralWorkersTests
{
    private const int SigKill = 9;

    [Fact]
    public async Task AKilledWorkerCostsAnAttemptAndNothingOfTheResult()
    {
        using var undisturbed = Crew();
        var calm = await undisturbed.RunAsync();
        Assert.True(calm.ExitCode == 0, calm.ToString());

        using var disturbed = Crew();
        await using (var runner = disturbed.Start())
        {
            await runner.EventAsync(line => line.GetProperty("event").GetString() == "checkpoint");
            var workers = WorkerProcesses.Of(disturbed.TrainerPid()!.Value);
            Assert.Equal(2, workers.Length);
            WorkerProcesses.Signal(workers[1], SigKill);
            var result = await runner.EndAsync();
            Assert.True(result.ExitCode == 0, result.ToString());
        }

        var failed = Assert.Single(disturbed.Jobs(), job => job.GetProperty("state").GetString() == "Failed");
        Assert.Equal(("WorkerLost", 70), (failed.GetProperty("reason").GetString(), failed.GetProperty("exitCode").GetInt32()));
        Assert.StartsWith("worker 1 of 2 was killed by signal 9", failed.GetProperty("message").GetString(), StringComparison.Ordinal);
        var (wanted, found) = (await undisturbed.StatusAsync(), await disturbed.StatusAsync());
        Assert.Equal(wanted.GetProperty("matrix").GetRawText(), found.GetProperty("matrix").GetRawText());
        Assert.Equal(
            wanted.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("checkpointDigest").GetString()),
            found.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("checkpointDigest").GetString()));
    }

    [Fact]
    public async Task AFinishedStageIsReusedWhateverTheNumberOfWorkers()
    {
        using var run = Crew();
        var first = await run.RunAsync();
        Assert.True(first.ExitCode == 0, first.ToString());
        var jobs = run.Jobs().Count;

        run.Edit("processesPerNode: 2", "processesPerNode: 1");
        var second = await run.RunAsync();

        Assert.True(second.ExitCode == 0, second.ToString());
        Assert.Equal(jobs, run.Jobs().Count);
    }

    private static TinyRun Crew()
    {
        var run = new TinyRun(steps: 40, interval: 2);
        run.Edit("  checkpoint:", "  template: {processesPerNode: 2, device: cpu}\n  checkpoint:");
        return run;
    }
}

using Cpt.Contract;

namespace Cpt.Trainer.Tests;

public sealed class InterruptionTests : IDisposable
{
    private const int SigTerm = 15;
    private const int SigInt = 2;

    private readonly StageFixture _stages = new();

    public void Dispose() => _stages.Dispose();

    [Theory]
    [InlineData(false, SigTerm)]
    [InlineData(true, SigTerm)]
    [InlineData(false, SigInt)]
    public async Task AStoppedStageExitsWith75AndContinuesToTheSameDigest(bool rft, int signal)
    {
        var spec = Long(rft ? await _stages.RftAsync() : await _stages.SftAsync());
        var undisturbed = await UndisturbedAsync(spec);

        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Any(line => line.Event == "step"));
            child.Signal(signal);
            Assert.True(await child.ExitAsync() == ExitCodes.Stopped, child.Log);
            var result = child.Result;
            Assert.Equal(("Stopped", ExitCodes.Stopped), (result.Reason, result.ExitCode));
            var saved = (await _stages.Store.ListStepsAsync(spec.StageHash))[0];
            Assert.Equal(result.Step, saved.Step);
            Assert.InRange(saved.Step, 1, spec.Training.Optimization.Steps!.Value - 1);
        }

        await using var resumed = _stages.Start(spec with { Attempt = 2 });
        Assert.True(await resumed.ExitAsync() == ExitCodes.Done, resumed.Log);
        Assert.Contains(resumed.Events, line => line.Event == "resumed");
        Assert.DoesNotContain(resumed.Events, line => line.Event == "phase" && line.Progress!.Phase == TrainerPhase.Preflight);
        Assert.Equal(undisturbed.CheckpointDigest, resumed.Result.CheckpointDigest);
        Assert.Equal(undisturbed.Scores, resumed.Result.Scores);
        Assert.Equal(undisturbed.Tokens, resumed.Result.Tokens);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task AStageKilledAtRandomMomentsEndsInTheSameDigest(bool rft, int seed)
    {
        var spec = Longer(rft ? await _stages.RftAsync() : await _stages.SftAsync(), 3);
        var undisturbed = await UndisturbedAsync(spec);
        var random = new Random(seed);
        for (var kill = 0; kill < 5; kill++)
        {
            await using var child = _stages.Start(spec with { Attempt = kill + 1 });
            if (kill % 2 == 0)
            {
                // Between two commits, at the first, or in the scoring.
                var checkpoints = random.Next(0, 3);
                var events = random.Next(1, 5);
                await child.UntilAsync(seen => Ended(seen)
                    || (seen.Count(line => line.Event == "checkpoint") is var count && count >= checkpoints && seen.Count >= (checkpoints == 0 ? 3 : 0) + events));
            }
            else
            {
                // In the middle of a commit: some of its blobs stand, its manifest may not.
                var blobs = Blobs() + random.Next(1, 10);
                while (Blobs() < blobs && !Ended(child.Events))
                {
                    await Task.Delay(1);
                }
            }

            child.KillNow();
            TestContext.Current.TestOutputHelper?.WriteLine($"killed after {child.Events.Count} events, the last {child.Events.LastOrDefault()?.Event}: {child.Events.LastOrDefault()?.Progress?.Phase} step {child.Events.LastOrDefault()?.Progress?.Step}, newest commit {child.Events.LastOrDefault()?.Progress?.CheckpointStep}");
        }

        await using var last = _stages.Start(spec with { Attempt = 6 });
        Assert.True(await last.ExitAsync() == ExitCodes.Done, last.Log);
        Assert.Equal(undisturbed.CheckpointDigest, last.Result.CheckpointDigest);
        Assert.Equal(undisturbed.Scores, last.Result.Scores);
        Assert.Equal(spec.Training.Optimization.Steps, (await _stages.Store.ReadManifestAsync(spec.StageHash))!.Step);
    }

    [Fact]
    public async Task AGracePeriodTooShortToSaveStillEndsWith75AndLosesNothingCommitted()
    {
        var spec = Long(await _stages.SftAsync());
        var undisturbed = await UndisturbedAsync(spec);
        await using (var child = _stages.Start(spec, "--grace", "0.001"))
        {
            await child.UntilAsync(events => events.Any(line => line.Event == "checkpoint"));
            child.Signal(SigTerm);
            Assert.True(await child.ExitAsync() == ExitCodes.Stopped, child.Log);
            Assert.Equal("Stopped", _stages.TerminationMessage().Reason);
        }

        Assert.Equal(undisturbed.CheckpointDigest, (await _stages.CompleteAsync(spec with { Attempt = 2 })).CheckpointDigest);
    }

    [Fact]
    public async Task ADamagedNewestCheckpointIsPassedOverForTheOneBefore()
    {
        var spec = Long(await _stages.SftAsync());
        var undisturbed = await UndisturbedAsync(spec);
        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Count(line => line.Event == "checkpoint") >= 2);
            child.KillNow();
        }

        var steps = await _stages.Store.ListStepsAsync(spec.StageHash);
        Assert.True(steps.Count >= 2);
        var weights = Path.Combine(_stages.Storage, "blobs/sha256", steps[0].Files.Single(file => file.Path == "model.safetensors").Digest);
        var bytes = File.ReadAllBytes(weights);
        bytes[^5] ^= 1;
        File.Delete(weights);
        File.WriteAllBytes(weights, bytes);

        await using var resumed = _stages.Start(spec with { Attempt = 2 });
        Assert.True(await resumed.ExitAsync() == ExitCodes.Done, resumed.Log);
        Assert.Contains($"the checkpoint of step {steps[0].Step} is passed over", resumed.Events.First(line => line.Level == "warning").Message, StringComparison.Ordinal);
        Assert.Contains($"continuing from step {steps[1].Step}", resumed.Events.First(line => line.Event == "resumed").Message, StringComparison.Ordinal);
        Assert.Equal(undisturbed.CheckpointDigest, resumed.Result.CheckpointDigest);
    }

    [Fact]
    public async Task AKilledEvaluationGoesOnWithTheTaskItWasKilledIn()
    {
        var spec = await _stages.SftAsync();
        spec = spec with { Evaluation = spec.Evaluation with { Benchmarks = [_stages.Letters], Baseline = false } };
        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Any(line => line.Event == "evaluation"));
            child.KillNow();
        }

        await using var resumed = _stages.Start(spec with { Attempt = 2 });
        Assert.True(await resumed.ExitAsync() == ExitCodes.Done, resumed.Log);
        Assert.DoesNotContain(resumed.Events, line => line.Event == "evaluation" && line.Score!.Task == "sums");
        Assert.Equal(["sums", "letters"], resumed.Result.Scores.Keys);
    }

    [Fact]
    public async Task TheTrainerDiesWithItsRunner()
    {
        var spec = Long(await _stages.SftAsync(optimization => optimization with { Steps = 1_000_000 }));
        var stage = _stages.Files.Write("stage.json", System.Text.Json.JsonSerializer.Serialize(spec, ContractJson.Default.StageSpec));
        var log = _stages.Files["child.log"];
        var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", $"'{TrainerChild.Executable}' --stage '{stage}' --work '{_stages.Files["work"]}' --port 0 --log json > '{log}' & echo $!; wait"])
        {
            UseShellExecute = false, RedirectStandardOutput = true,
        };
        start.Environment["CPT_DIE_WITH_PARENT"] = "1";
        start.Environment["CPT_THREADS"] = "1";
        using var runner = System.Diagnostics.Process.Start(start)!;
        using var trainer = System.Diagnostics.Process.GetProcessById(int.Parse((await runner.StandardOutput.ReadLineAsync())!, System.Globalization.CultureInfo.InvariantCulture));
        while (!File.Exists(log) || !File.ReadAllText(log).Contains("\"event\":\"step\"", StringComparison.Ordinal))
        {
            Assert.False(trainer.HasExited, File.Exists(log) ? File.ReadAllText(log) : "no log");
            await Task.Delay(20);
        }

        runner.Kill();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await trainer.WaitForExitAsync(limit.Token);
        Assert.DoesNotContain("\"event\":\"result\"", File.ReadAllText(log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATrainerWhoseRunnerIsGoneAlreadyDoesNotBegin()
    {
        var notTheParent = new Dictionary<string, string?>(StringComparer.Ordinal) { ["CPT_DIE_WITH_PARENT"] = "4194303" };
        await using var child = _stages.Start(await _stages.SftAsync(), notTheParent);
        Assert.Equal(128 + 9, await child.ExitAsync());
        Assert.Empty(child.Events);
    }

    /// <summary>Long enough that the first signal always finds it at work.</summary>
    private static StageSpec Long(StageSpec spec) => Longer(spec, 20);

    private static StageSpec Longer(StageSpec spec, int times)
    {
        var training = spec.Training with { Optimization = spec.Training.Optimization with { Steps = spec.Training.Optimization.Steps!.Value * times } };
        return spec with { Training = training, StageHash = Digests.StageHash(spec.Input.Digest, training) };
    }

    private async Task<StageResult> UndisturbedAsync(StageSpec spec)
    {
        var result = await _stages.CompleteAsync(spec with { StorageUri = "file://" + _stages.Files["undisturbed"], Checkpoint = new CheckpointSpec { IntervalSteps = 0 } });
        Directory.Delete(_stages.Files["work"], recursive: true);
        return result;
    }

    private static bool Ended(IReadOnlyList<TrainerEvent> events) => events.Any(line => line.Event == "result");

    private int Blobs()
    {
        var directory = Path.Combine(_stages.Storage, "blobs/sha256");
        return Directory.Exists(directory) ? Directory.EnumerateFiles(directory).Count() : 0;
    }
}

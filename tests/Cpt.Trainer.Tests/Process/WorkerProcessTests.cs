using System.Globalization;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Storage;
using Cpt.Torch;

namespace Cpt.Trainer.Tests;

/// <summary>Several workers as processes over loopback: one launcher, and whatever may happen to any of them.</summary>
public sealed class WorkerProcessTests : IDisposable
{
    private const int SigTerm = 15;
    private const int SigKill = 9;

    private readonly StageFixture _stages = new();

    public void Dispose() => _stages.Dispose();

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 2)]
    [InlineData(false, 3)]
    public async Task SeveralWorkersCommitWhatOneDoes(bool rft, int workers)
    {
        var spec = Smooth(rft ? await _stages.RftAsync() : await _stages.SftAsync());
        var alone = await _stages.CompleteAsync(spec with { StorageUri = "file://" + _stages.Files["alone"] });

        await using var crew = Start(spec, workers);
        Assert.True(await crew.ExitAsync() == ExitCodes.Done, crew.Log);

        Assert.Equal((alone.Step, alone.Tokens), (crew.Result.Step, crew.Result.Tokens));
        Assert.Equal(alone.Scores.Keys, crew.Result.Scores.Keys);
        Assert.Equal(crew.Result.CheckpointDigest, _stages.TerminationMessage().CheckpointDigest);
        Assert.InRange(LargestDifference(await WeightsAsync("alone", spec), await WeightsAsync("storage", spec)), 0, 5e-5);
        Assert.Single(crew.Events, line => line.Event == "result");
        Assert.Single(crew.Events, line => line.Event == "listening");
        Assert.Equal(await ScoresAsync("alone", spec), await ScoresAsync("storage", spec));
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public async Task StoppedAnywhereAllSaveOneStepAndContinueToTheSameDigest(bool rft, int? worker)
    {
        var spec = Longer(rft ? await _stages.RftAsync() : await _stages.SftAsync());
        var undisturbed = await UndisturbedAsync(spec, workers: 2);

        await using (var crew = Start(spec, 2))
        {
            await crew.UntilAsync(events => events.Any(line => line.Event == "step"));
            if (worker is { } rank)
            {
                WorkerProcesses.Signal(WorkerProcesses.Of(crew.Id)[rank], SigTerm);
            }
            else
            {
                crew.Signal(SigTerm);
            }

            Assert.True(await crew.ExitAsync() == ExitCodes.Stopped, crew.Log);
            Assert.Equal(("Stopped", ExitCodes.Stopped), (crew.Result.Reason, _stages.TerminationMessage().ExitCode));
            var saved = (await _stages.Store.ListStepsAsync(spec.StageHash))[0];
            Assert.Equal(crew.Result.Step, saved.Step);
            Assert.InRange(saved.Step, 1, spec.Training.Optimization.Steps!.Value - 1);
        }

        await using var resumed = Start(spec with { Attempt = 2 }, 2);
        Assert.True(await resumed.ExitAsync() == ExitCodes.Done, resumed.Log);
        Assert.Single(resumed.Events, line => line.Event == "resumed");
        Assert.Equal(undisturbed.CheckpointDigest, resumed.Result.CheckpointDigest);
        Assert.Equal(undisturbed.Scores, resumed.Result.Scores);
        Assert.Equal(undisturbed.Tokens, resumed.Result.Tokens);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    public async Task AKilledWorkerEndsAllIsNamedAndTheNextAttemptCommitsTheSameDigest(bool rft, int killed)
    {
        var spec = Longer(rft ? await _stages.RftAsync() : await _stages.SftAsync());
        var undisturbed = await UndisturbedAsync(spec, workers: 2);

        await using (var crew = Start(spec, 2))
        {
            await crew.UntilAsync(events => events.Any(line => line.Event == "checkpoint"));
            var workers = WorkerProcesses.Of(crew.Id);
            var at = TimeProvider.System.GetTimestamp();
            WorkerProcesses.Signal(workers[killed], SigKill);
            Assert.True(await crew.ExitAsync() == ExitCodes.Internal, crew.Log);
            TestContext.Current.TestOutputHelper?.WriteLine($"ended {TimeProvider.System.GetElapsedTime(at).TotalMilliseconds:F0} ms after the kill");
            Assert.Equal("WorkerLost", crew.Result.Reason);
            Assert.StartsWith($"worker {killed} of 2 was killed by signal 9 (SIGKILL)", crew.Result.Message, StringComparison.Ordinal);
            Assert.Equal(crew.Result.Message, _stages.TerminationMessage().Message);
            Assert.All(workers, worker => Assert.False(Directory.Exists($"/proc/{worker}"), $"process {worker} is still there"));
        }

        await using var next = Start(spec with { Attempt = 2 }, 2);
        Assert.True(await next.ExitAsync() == ExitCodes.Done, next.Log);
        Assert.Contains(next.Events, line => line.Event == "resumed");
        Assert.Equal(undisturbed.CheckpointDigest, next.Result.CheckpointDigest);
        Assert.Equal(undisturbed.Scores, next.Result.Scores);
    }

    [Fact]
    public async Task ACheckpointOfTwoWorkersIsContinuedByOneAndByThree()
    {
        var spec = Smooth(await _stages.SftAsync());
        var alone = await _stages.CompleteAsync(spec with { StorageUri = "file://" + _stages.Files["alone"] });
        await using (var crew = Start(spec, 2))
        {
            await crew.UntilAsync(events => events.Any(line => line.Event == "checkpoint"));
            crew.Signal(SigTerm);
            await crew.ExitAsync();
        }

        foreach (var workers in new[] { 1, 3 })
        {
            var storage = workers.ToString(CultureInfo.InvariantCulture);
            TestFiles.Copy(_stages.Storage, _stages.Files[storage]);
            await using var next = Start(spec with { Attempt = 2, StorageUri = "file://" + _stages.Files[storage] }, workers);
            Assert.True(await next.ExitAsync() == ExitCodes.Done, next.Log);
            Assert.Equal(alone.Step, next.Result.Step);
            Assert.InRange(LargestDifference(await WeightsAsync("alone", spec), await WeightsAsync(storage, spec)), 0, 5e-5);
        }
    }

    [Fact]
    public async Task TheLaunchersDeathIsItsWorkersDeath()
    {
        var spec = Longer(await _stages.SftAsync());
        int[] workers;
        await using (var crew = Start(spec, 2))
        {
            await crew.UntilAsync(events => events.Any(line => line.Event == "step"));
            workers = WorkerProcesses.Of(crew.Id);
            Assert.Equal(2, workers.Length);
            crew.KillNow();
        }

        await Eventually.ThatAsync(() => Array.TrueForAll(workers, worker => !Directory.Exists($"/proc/{worker}")));
    }

    [Fact]
    public async Task ABadSpecIsRefusedOnce()
    {
        var spec = await _stages.SftAsync();
        await using var crew = Start(spec with { StageHash = new string('0', 40) }, 2);

        Assert.Equal(ExitCodes.BadSpec, await crew.ExitAsync());
        Assert.Single(crew.Events, line => line.Event == "result");
        Assert.StartsWith("stageHash: ", crew.Result.Message!.Split(": ", 2)[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatOneWorkerFindsWrongIsSaidOnce()
    {
        var spec = await _stages.SftAsync();
        Directory.Delete(_stages.Files["tasks/sums"], recursive: true);
        await using var crew = Start(spec, 2);

        Assert.True(await crew.ExitAsync() == ExitCodes.InputNotFound, crew.Log);
        Assert.Contains("tasks/sums", crew.Result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WorkersThatDoNotComeAreNamed()
    {
        var spec = await _stages.SftAsync();
        await using var first = _stages.Start(spec, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["RANK"] = "0", ["WORLD_SIZE"] = "3", ["MASTER_ADDR"] = "localhost", ["MASTER_PORT"] = Ports.Free(), ["CPT_RENDEZVOUS_SECONDS"] = "2",
        });

        Assert.True(await first.ExitAsync() == ExitCodes.Internal, first.Log);
        Assert.Equal("WorkersMissing", first.Result.Reason);
        Assert.StartsWith("of 3 workers 1, 2 did not come within 2 s", first.Result.Message, StringComparison.Ordinal);
    }

    private TrainerChild Start(StageSpec spec, int workers) =>
        _stages.Start(spec, new Dictionary<string, string?>(StringComparer.Ordinal) { ["NPROC_PER_NODE"] = workers.ToString(CultureInfo.InvariantCulture) });

    private async Task<StageResult> UndisturbedAsync(StageSpec spec, int workers)
    {
        await using var crew = Start(spec with { StorageUri = "file://" + _stages.Files["undisturbed"], Checkpoint = new CheckpointSpec { IntervalSteps = 0 } }, workers);
        Assert.True(await crew.ExitAsync() == ExitCodes.Done, crew.Log);
        Directory.Delete(_stages.Files["work"], recursive: true);
        return crew.Result;
    }

    /// <summary>Long enough that a signal after the first step always finds it at work.</summary>
    private static StageSpec Longer(StageSpec spec) => With(spec, optimization => optimization with { Steps = optimization.Steps!.Value * 10 });

    /// <summary>With AdamW's usual epsilon the rounding of a gradient that is nearly zero would become a whole step.</summary>
    private static StageSpec Smooth(StageSpec spec) => With(spec, optimization => optimization with { Epsilon = 1e-3 });

    private static StageSpec With(StageSpec spec, Func<OptimizationSpec, OptimizationSpec> change)
    {
        var training = spec.Training with { Optimization = change(spec.Training.Optimization) };
        return spec with { Training = training, StageHash = Digests.StageHash(spec.Input.Digest, training) };
    }

    private async Task<Dictionary<string, float[]>> WeightsAsync(string storage, StageSpec spec)
    {
        var store = CheckpointStore.Open("file://" + _stages.Files[storage]);
        var directory = Directory.CreateTempSubdirectory("cpt-weights-").FullName;
        try
        {
            await store.DownloadAsync((await store.ReadManifestAsync(spec.StageHash))!, directory, [FileRole.Model]);
            using var model = CausalLM.Load(directory);
            using var scope = torch.NewDisposeScope();
            return model.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value.detach().data<float>(), StringComparer.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<IEnumerable<(string, double, int)>> ScoresAsync(string storage, StageSpec spec)
    {
        var store = CheckpointStore.Open("file://" + _stages.Files[storage]);
        return [.. (await store.ReadEvaluationAsync(Digests.BaselineHash(spec.BaseModel.Digest)))!.Scores.Select(score => (score.Task, score.Accuracy, score.Records.Count))];
    }

    private static double LargestDifference(Dictionary<string, float[]> left, Dictionary<string, float[]> right) =>
        left.Max(pair => pair.Value.Zip(right[pair.Key], (one, other) => Math.Abs((double)one - other)).Max());
}

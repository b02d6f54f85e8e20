using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Contract;

namespace Cpt.Trainer.Tests;

/// <summary>Stages that ask their input model before step 1 which samples to learn from.</summary>
public sealed class InstanceTests : IDisposable
{
    private const int SigTerm = 15;

    private readonly StageFixture _stages = new();

    public InstanceTests() => TinyTasks.CreateLetters(_stages.Files["tasks/many"], train: 200);

    public void Dispose() => _stages.Dispose();

    private TaskInput Many => new() { Name = "many", Uri = "file://" + _stages.Files["tasks/many"] };

    [Fact]
    public async Task AFilteredStageSaysWhatItKept()
    {
        var spec = await FilteredAsync();
        var result = await _stages.CompleteAsync(spec);
        Assert.Equal(200, result.Instances);
        Assert.InRange(result.InstancesKept!.Value, 1, 199);

        var manifest = (await _stages.Store.ReadManifestAsync(spec.StageHash))!;
        Assert.Equal((200.0, (double)result.InstancesKept, Math.Round(result.InstancesKept.Value / 200.0, 6)), (manifest.Metrics["instances"], manifest.Metrics["instancesKept"], manifest.Metrics["keptFraction"]));
        Assert.InRange(manifest.Metrics["solvedRate"], 0.01, 0.5);
        var directory = _stages.Files["artifacts"];
        await _stages.Store.DownloadAsync(manifest, directory, [FileRole.Artifact]);
        var lines = File.ReadAllLines(Path.Combine(directory, "instances.jsonl")).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(200, lines.Count);
        Assert.Equal(result.InstancesKept, lines.Count(line => line["kept"]!.GetValue<bool>()));
        Assert.All(lines, line => Assert.Equal(line["solved"]!.GetValue<int>() >= 6, line["kept"]!.GetValue<bool>()));
    }

    /// <summary>One pass over 200 samples in batches of 4 would be 50 steps.</summary>
    [Fact]
    public async Task AnEpochIsAPassOverWhatWasKept()
    {
        var spec = StageFixture.With(await FilteredAsync(), training => training with { Optimization = training.Optimization with { Steps = null, Epochs = 1 } });
        var result = await _stages.CompleteAsync(spec);
        Assert.Equal((result.InstancesKept!.Value + 3) / 4, result.Steps);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task KilledInTheMiddleOfSamplingTheNextAttemptSamplesOnlyTheRestAndEndsInTheSameDigest(bool selfDistillation)
    {
        var spec = selfDistillation ? await DistilledAsync() : await FilteredAsync();
        var undisturbed = await UndisturbedAsync(spec);
        var all = Chunks(_stages.Files["undisturbed"], spec);

        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Any(line => line.Event == "sampling"));
            child.KillNow();
            await child.ExitAsync();
        }

        var stored = Chunks(_stages.Storage, spec);
        Assert.InRange(stored, 1, all - 1);
        await using var next = _stages.Start(spec with { Attempt = 2 });
        Assert.True(await next.ExitAsync() == ExitCodes.Done, next.Log);
        Assert.Equal(all - stored, next.Events.Count(line => line.Event == "sampling"));
        Assert.Equal((undisturbed.CheckpointDigest, undisturbed.InstancesKept), (next.Result.CheckpointDigest, next.Result.InstancesKept));
        Assert.Equal(undisturbed.Tokens, next.Result.Tokens);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task KilledInItsStepsTheNextAttemptSamplesNothingAndEndsInTheSameDigest(bool selfDistillation)
    {
        var spec = Longer(selfDistillation ? await DistilledAsync() : await FilteredAsync());
        var undisturbed = await UndisturbedAsync(spec);
        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Any(line => line.Event == "checkpoint"));
            child.KillNow();
            await child.ExitAsync();
        }

        await using var next = _stages.Start(spec with { Attempt = 2 });
        Assert.True(await next.ExitAsync() == ExitCodes.Done, next.Log);
        Assert.Contains(next.Events, line => line.Event == "resumed");
        Assert.DoesNotContain(next.Events, line => line.Event == "sampling" || line.Progress?.Phase == TrainerPhase.Sampling);
        Assert.Equal((undisturbed.CheckpointDigest, undisturbed.InstancesKept), (next.Result.CheckpointDigest, next.Result.InstancesKept));
    }

    [Fact]
    public async Task AskedToStopWhileItSamplesItKeepsWhatItHasAndExitsWith75()
    {
        var spec = await FilteredAsync();
        var undisturbed = await UndisturbedAsync(spec);
        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Any(line => line.Event == "sampling"));
            child.Signal(SigTerm);
            Assert.True(await child.ExitAsync() == ExitCodes.Stopped, child.Log);
        }

        Assert.InRange(Chunks(_stages.Storage, spec), 1, Chunks(_stages.Files["undisturbed"], spec) - 1);
        Assert.Equal(undisturbed.CheckpointDigest, (await _stages.CompleteAsync(spec with { Attempt = 2 })).CheckpointDigest);
    }

    [Fact]
    public async Task ADamagedChunkIsSampledAgain()
    {
        var spec = await FilteredAsync();
        var undisturbed = await UndisturbedAsync(spec);
        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Count(line => line.Event == "sampling") >= 2);
            child.KillNow();
            await child.ExitAsync();
        }

        File.WriteAllText(Path.Combine(_stages.Storage, "stages", spec.StageHash, "rollouts", "0.json"), "{\"index\":0");
        await using var next = _stages.Start(spec with { Attempt = 2 });
        Assert.True(await next.ExitAsync() == ExitCodes.Done, next.Log);
        Assert.Contains(next.Events, line => line.Level == "warning" && line.Message!.Contains("0.json: no such rollouts, they are sampled again", StringComparison.Ordinal));
        Assert.Equal(undisturbed.CheckpointDigest, next.Result.CheckpointDigest);
    }

    [Fact]
    public async Task SeveralWorkersSampleTogetherAndAKilledOneCostsOnlyItsChunk()
    {
        var spec = await FilteredAsync();
        StageResult undisturbed;
        await using (var crew = Start(spec with { StorageUri = "file://" + _stages.Files["undisturbed"] }, 2))
        {
            Assert.True(await crew.ExitAsync() == ExitCodes.Done, crew.Log);
            undisturbed = crew.Result;
        }

        await using (var crew = Start(spec, 2))
        {
            await crew.UntilAsync(events => events.Any(line => line.Event == "sampling"));
            WorkerProcesses.Signal(WorkerProcesses.Of(crew.Id)[1], 9);
            Assert.True(await crew.ExitAsync() == ExitCodes.Internal, crew.Log);
        }

        var stored = Chunks(_stages.Storage, spec);
        await using var next = Start(spec with { Attempt = 2 }, 2);
        Assert.True(await next.ExitAsync() == ExitCodes.Done, next.Log);
        Assert.InRange(stored, 1, Chunks(_stages.Files["undisturbed"], spec) - 1);
        Assert.Equal(Chunks(_stages.Storage, spec) - stored, next.Events.Count(line => line.Event == "sampling"));
        Assert.Equal((undisturbed.CheckpointDigest, undisturbed.InstancesKept), (next.Result.CheckpointDigest, next.Result.InstancesKept));
        Assert.InRange(next.Result.InstancesKept!.Value, 1, 199);
    }

    [Fact]
    public async Task WhereNothingIsKeptTheStageFailsAtOnceAndItsNextAttemptWithoutSamplingAgain()
    {
        var spec = await FilteredAsync(filter => filter with { MinimumSolved = 64 });
        foreach (var attempt in new[] { 1, 2 })
        {
            await using var child = _stages.Start(spec with { Attempt = attempt });
            Assert.True(await child.ExitAsync() == ExitCodes.BadData, child.Log);
            Assert.Equal("NoInstancesKept", child.Result.Reason);
            Assert.StartsWith("rft.instanceFilter keeps samples that 64 to 64 of 64 rollouts solve, and of 200 train samples there is none", child.Result.Message, StringComparison.Ordinal);
            Assert.Equal(attempt == 1 ? Chunks(_stages.Storage, spec) : 0, child.Events.Count(line => line.Event == "sampling"));
        }
    }

    private async Task<StageSpec> FilteredAsync(Func<InstanceFilterSpec, InstanceFilterSpec>? change = null)
    {
        // A random model begins one response in ten with a letter. 64 rollouts make a chunk of 8 samples.
        var filter = new InstanceFilterSpec { Rollouts = 64, MinimumSolved = 6, MaximumSolved = 64 };
        var spec = await _stages.RftAsync(task: Many);
        return StageFixture.With(spec, training => training with { Rft = training.Rft! with { InstanceFilter = change?.Invoke(filter) ?? filter } });
    }

    /// <summary>Some of 64 rollouts of up to 12 tokens come to an end, even of a random model.</summary>
    private async Task<StageSpec> DistilledAsync() => StageFixture.With(
        await _stages.SftAsync(task: Many),
        training => training with { SelfDistillation = new SelfDistillationSpec { Rollouts = 64, MaxResponseTokens = 12, RolloutThreads = 1 } });

    private static StageSpec Longer(StageSpec spec) =>
        StageFixture.With(spec, training => training with { Optimization = training.Optimization with { Steps = training.Optimization.Steps!.Value * 20 } });

    private TrainerChild Start(StageSpec spec, int workers) =>
        _stages.Start(spec, new Dictionary<string, string?>(StringComparer.Ordinal) { ["NPROC_PER_NODE"] = workers.ToString(CultureInfo.InvariantCulture) });

    private async Task<StageResult> UndisturbedAsync(StageSpec spec)
    {
        var result = await _stages.CompleteAsync(spec with { StorageUri = "file://" + _stages.Files["undisturbed"], Checkpoint = new CheckpointSpec { IntervalSteps = 0 } });
        Directory.Delete(_stages.Files["work"], recursive: true);
        return result;
    }

    private static int Chunks(string storage, StageSpec spec) => Directory.GetFiles(Path.Combine(storage, "stages", spec.StageHash, "rollouts"), "*.json").Length;
}

using System.Text.Json;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Trainer.Tests;

/// <summary>Stages that train a LoRA, as processes: what is committed, and that it is the same however often they are stopped.</summary>
public sealed class LoraStageTests : IDisposable
{
    private const int SigTerm = 15;

    private static readonly LoraSpec s_lora = new() { Rank = 4, Alpha = 8, Dropout = 0.1, Targets = ["AllLinear"] };

    private readonly StageFixture _stages = new();

    public void Dispose() => _stages.Dispose();

    [Fact]
    public async Task TheFinalCheckpointIsTheMergedModelWithTheAdapterBesideIt()
    {
        var spec = await SpecAsync(rft: false);
        var result = await _stages.CompleteAsync(spec);
        var final = (await _stages.Store.ReadManifestAsync(spec.StageHash))!;
        Assert.Equal(
            ["adapter/adapter_config.json Artifact", "adapter/adapter_model.safetensors Artifact", "config.json Model", "model.safetensors Model", "tokenizer.json Model", "tokenizer_config.json Model", "training.jsonl Artifact"],
            final.Files.Select(file => $"{file.Path} {file.Role}").Order(StringComparer.Ordinal));
        Assert.Equal(result.CheckpointDigest, final.ModelDigest);

        var directory = _stages.Files["final"];
        await _stages.Store.DownloadAsync(final, directory);
        using var scope = torch.NewDisposeScope();
        using var merged = CausalLM.Load(directory);
        using var model = CausalLM.Load(_stages.Model);
        model.Attach(LoraFiles.Load(model, Path.Combine(directory, "adapter")));
        model.MergeAdapter();
        foreach (var (expected, found) in model.NamedTensors().Zip(merged.NamedTensors()))
        {
            Assert.Equal(expected.Value.data<float>(), found.Value.data<float>());
        }

        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "adapter", "adapter_config.json")));
        Assert.Equal("file://" + _stages.Model, config.RootElement.GetProperty("base_model_name_or_path").GetString());
    }

    [Fact]
    public async Task AnIntermediateCheckpointHoldsTheAdapterAndItsStateAlone()
    {
        var spec = await SpecAsync(rft: false);
        await _stages.CompleteAsync(spec);
        var step = (await _stages.Store.ListStepsAsync(spec.StageHash))[0];
        Assert.Equal(
            ["adapter/adapter_config.json State", "adapter/adapter_model.safetensors State", "trainer/optimizer.safetensors State", "trainer/state.json State", "training.jsonl Artifact"],
            step.Files.Select(file => $"{file.Path} {file.Role}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AStoppedStageContinuesToTheSameDigest(bool rft)
    {
        var spec = Longer(await SpecAsync(rft), 8);
        var undisturbed = await UndisturbedAsync(spec);
        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Any(line => line.Event == "step"));
            child.Signal(SigTerm);
            Assert.True(await child.ExitAsync() == ExitCodes.Stopped, child.Log);
        }

        await using var resumed = _stages.Start(spec with { Attempt = 2, Memory = new MemorySpec { GradientCheckpointing = true, OffloadOptimizer = true } });
        Assert.True(await resumed.ExitAsync() == ExitCodes.Done, resumed.Log);
        Assert.Contains(resumed.Events, line => line.Event == "resumed");
        Assert.Equal(undisturbed.CheckpointDigest, resumed.Result.CheckpointDigest);
        Assert.Equal(undisturbed.Scores, resumed.Result.Scores);
    }

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 4)]
    public async Task AStageKilledAtRandomMomentsEndsInTheSameDigest(bool rft, int seed)
    {
        var spec = Longer(await SpecAsync(rft), 2);
        var undisturbed = await UndisturbedAsync(spec);
        var random = new Random(seed);
        for (var kill = 0; kill < 3; kill++)
        {
            var (checkpoints, more) = (random.Next(0, 3), random.Next(1, 5));
            await using var child = _stages.Start(spec with { Attempt = kill + 1 });
            await child.UntilAsync(seen => seen.Any(line => line.Event == "result")
                || (seen.Count(line => line.Event == "checkpoint") is var count && count >= checkpoints && seen.Count >= (checkpoints == 0 ? 3 : 0) + more));
            child.KillNow();
        }

        await using var last = _stages.Start(spec with { Attempt = 4 });
        Assert.True(await last.ExitAsync() == ExitCodes.Done, last.Log);
        Assert.Equal(undisturbed.CheckpointDigest, last.Result.CheckpointDigest);
        Assert.Equal(undisturbed.Scores, last.Result.Scores);
    }

    [Fact]
    public async Task ADamagedAdapterIsPassedOverForTheOneBefore()
    {
        var spec = Longer(await SpecAsync(rft: false), 8);
        var undisturbed = await UndisturbedAsync(spec);
        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Count(line => line.Event == "checkpoint") >= 2);
            child.KillNow();
        }

        var steps = await _stages.Store.ListStepsAsync(spec.StageHash);
        var blob = Path.Combine(_stages.Storage, "blobs/sha256", steps[0].Files.Single(file => file.Path == "adapter/adapter_model.safetensors").Digest);
        var bytes = File.ReadAllBytes(blob);
        bytes[^5] ^= 1;
        File.Delete(blob);
        File.WriteAllBytes(blob, bytes);
        await using var resumed = _stages.Start(spec with { Attempt = 2 });
        Assert.True(await resumed.ExitAsync() == ExitCodes.Done, resumed.Log);
        Assert.Contains($"the checkpoint of step {steps[0].Step} is passed over", resumed.Events.First(line => line.Level == "warning").Message, StringComparison.Ordinal);
        Assert.Equal(undisturbed.CheckpointDigest, resumed.Result.CheckpointDigest);
    }

    /// <summary>What the weights in memory score is what the committed ones score.</summary>
    [Fact]
    public async Task TheScoresAreThoseOfTheCommittedModel()
    {
        var spec = await SpecAsync(rft: true);
        var result = await _stages.CompleteAsync(spec);
        File.Delete(Path.Combine(_stages.Storage, "stages", spec.StageHash, "evaluation.json"));
        Assert.Equal(result.Scores, (await _stages.CompleteAsync(spec with { Attempt = 2 })).Scores);
    }

    /// <summary>The next stage loads what this one committed like any other model.</summary>
    [Fact]
    public async Task AnotherStageStartsFromTheMergedModel()
    {
        var spec = await SpecAsync(rft: false);
        var first = await _stages.CompleteAsync(spec);
        var next = await _stages.SftAsync(input: new ModelInput { StageHash = spec.StageHash, Digest = first.CheckpointDigest! });
        Assert.Equal(0, (await _stages.CompleteAsync(StageFixture.With(next, training => training with { Lora = s_lora with { Targets = ["q_proj"] } }))).ExitCode);
    }

    [Fact]
    public async Task AnAdapterThatIsKeptApartFromAnEarlierOneEndsInTheSameDigestAfterAKill()
    {
        var first = await SpecAsync(rft: false);
        var committed = await _stages.CompleteAsync(first);
        var spec = Longer(
            StageFixture.With(await _stages.SftAsync(input: new ModelInput { StageHash = first.StageHash, Digest = committed.CheckpointDigest! }, task: _stages.Letters), training => training with
            {
                Lora = s_lora with { Rank = 3, Orthogonal = new OrthogonalSpec { Lambda = 0.1, Stages = [first.StageHash] } },
            }), 4);
        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Count(line => line.Event == "checkpoint") >= 1);
            child.KillNow();
        }

        var resumed = await _stages.CompleteAsync(spec with { Attempt = 2 });
        Directory.Delete(Path.Combine(_stages.Storage, "stages", spec.StageHash), recursive: true);
        Assert.Equal((await _stages.CompleteAsync(spec with { Attempt = 3 })).CheckpointDigest, resumed.CheckpointDigest);
        var free = StageFixture.With(spec, training => training with { Lora = training.Lora! with { Orthogonal = null } });
        Assert.NotEqual((await _stages.CompleteAsync(free)).CheckpointDigest, resumed.CheckpointDigest);
    }

    [Fact]
    public async Task AnEarlierAdapterThatIsNotThereEndsTheStage()
    {
        var spec = StageFixture.With(await _stages.SftAsync(), training => training with { Lora = s_lora with { Orthogonal = new OrthogonalSpec { Lambda = 0.1, Stages = [new string('c', 40)] } } });
        await using var child = _stages.Start(spec);
        Assert.Equal(ExitCodes.InputNotFound, await child.ExitAsync());
        Assert.Contains($"stage {new string('c', 40)} has no adapter", child.Result.Message, StringComparison.Ordinal);
    }

    /// <summary>Of a model in shards those without a target are the same files, which storage has already.</summary>
    [Fact]
    public async Task ShardsWithoutATargetAreNotStoredTwice()
    {
        using (var model = CausalLM.Load(_stages.Model))
        {
            model.Save(_stages.Model, shardBytes: 8_000);
        }

        File.Delete(Path.Combine(_stages.Model, "model.safetensors"));
        var spec = StageFixture.With(await _stages.SftAsync(), training => training with { Lora = s_lora with { Targets = ["model.layers.1.mlp.down_proj"] } });
        await _stages.CompleteAsync(spec);
        var final = (await _stages.Store.ReadManifestAsync(spec.StageHash))!;
        var shards = final.Files.Where(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal) && file.Role == FileRole.Model).ToList();
        Assert.Equal(Directory.EnumerateFiles(_stages.Model, "*.safetensors").Count(), shards.Count);
        var changed = shards.Where(file => !File.ReadAllBytes(Path.Combine(_stages.Model, file.Path)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(_stages.Storage, "blobs/sha256", file.Digest))));
        Assert.Single(changed);
    }

    [Theory]
    [InlineData("x_proj", 64, "lora.targets: target 'x_proj' is no linear layer of this qwen2")]
    public async Task AnUnknownTargetEndsTheStage(string target, int code, string message)
    {
        var spec = StageFixture.With(await _stages.SftAsync(), training => training with { Lora = s_lora with { Targets = [target] } });
        await using var child = _stages.Start(spec);
        Assert.Equal(code, await child.ExitAsync());
        Assert.Contains(message, child.Result.Message, StringComparison.Ordinal);
    }

    private async Task<StageSpec> SpecAsync(bool rft) => StageFixture.With(rft ? await _stages.RftAsync() : await _stages.SftAsync(), training => training with { Lora = s_lora });

    private static StageSpec Longer(StageSpec spec, int times) => StageFixture.With(spec, training =>
        training with { Optimization = training.Optimization with { Steps = training.Optimization.Steps!.Value * times } });

    private async Task<StageResult> UndisturbedAsync(StageSpec spec)
    {
        var result = await _stages.CompleteAsync(spec with { StorageUri = "file://" + _stages.Files["undisturbed"], Checkpoint = new CheckpointSpec { IntervalSteps = 0 } });
        Directory.Delete(_stages.Files["work"], recursive: true);
        return result;
    }
}

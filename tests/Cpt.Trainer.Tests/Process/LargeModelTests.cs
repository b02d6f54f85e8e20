using Cpt.Contract;

namespace Cpt.Trainer.Tests;

/// <summary>A checkpoint of 3 GB in shards is loaded, learned beside, merged and saved by a process that never takes much more than the model itself.</summary>
[Trait("Category", "EndToEnd")]
public sealed class LargeModelTests : IDisposable
{
    private readonly StageFixture _stages = new();

    public void Dispose() => _stages.Dispose();

    [Fact]
    public async Task AStageOfALoraTakesNoMoreThanTheModelOneShardAndAGibibyte()
    {
        Directory.Delete(_stages.Model, recursive: true);
        var (weights, shard) = LargeModel.Create(_stages.Model);
        Assert.InRange(weights, 3_000_000_000, 3_200_000_000);
        var spec = StageFixture.With(
            await _stages.SftAsync(optimization => optimization with { Steps = 1, BatchSize = 1, WarmupRatio = 0, Precision = Precision.BFloat16Master }),
            training => training with { Lora = new LoraSpec { Rank = 8, Alpha = 16, Targets = ["q_proj", "v_proj"] } });
        var result = await _stages.CompleteAsync(spec with { Evaluation = new EvaluationSpec() });

        TestContext.Current.TestOutputHelper?.WriteLine($"weights {weights:N0}, largest shard {shard:N0}, peak of the process {result.PeakMemoryBytes:N0}, {result.DurationSeconds:0.0} s");
        Assert.InRange(result.PeakMemoryBytes, weights, weights + shard + (1L << 30));
        var final = (await _stages.Store.ReadManifestAsync(spec.StageHash))!;
        Assert.InRange(final.Files.Where(file => file.Role == FileRole.Model && file.Path.EndsWith(".safetensors", StringComparison.Ordinal)).Sum(file => file.Size), weights, weights + (1 << 20));
        Assert.Contains(final.Files, file => file.Path == "adapter/adapter_model.safetensors");
    }
}

using Cpt.Contract;
using Cpt.Models;
using Cpt.Storage;

namespace Cpt.Trainer.Tests;

/// <summary>Stages whose tasks show pictures, as processes.</summary>
public sealed class PictureStageTests : IDisposable
{
    private const int SigTerm = 15;

    private readonly StageFixture _stages = new();

    public void Dispose() => _stages.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AStoppedStageWithPicturesContinuesToTheSameDigest(bool rft)
    {
        var spec = await SpecAsync(rft);
        var undisturbed = await _stages.CompleteAsync(spec);
        Directory.Delete(_stages.Storage, recursive: true);

        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Any(line => line.Event == "step"));
            child.Signal(SigTerm);
            Assert.True(await child.ExitAsync() == ExitCodes.Stopped, child.Log);
        }

        await using var resumed = _stages.Start(spec with { Attempt = 2 });
        Assert.True(await resumed.ExitAsync() == ExitCodes.Done, resumed.Log);
        Assert.Contains(resumed.Events, line => line.Event == "resumed");
        Assert.Equal(undisturbed.CheckpointDigest, resumed.Result.CheckpointDigest);
        Assert.Equal(undisturbed.Scores, resumed.Result.Scores);
    }

    [Fact]
    public async Task ThePreprocessorTravelsWithTheCheckpoint()
    {
        var spec = await SpecAsync(rft: false);
        await _stages.CompleteAsync(spec);
        var manifest = await _stages.Store.ReadManifestAsync(spec.StageHash, default);
        Assert.Contains(manifest!.Files, file => file.Path == ImageProcessorSettings.FileName);
    }

    [Fact]
    public async Task ABenchmarkWithPicturesForAModelOfTextIsRefusedBeforeTheTraining()
    {
        var spec = await _stages.SftAsync();
        spec = spec with { Evaluation = spec.Evaluation with { Baseline = false, PreviousRow = null, Benchmarks = [new TaskInput { Name = "shapes", Uri = "generated://shapes/count?train=2&eval=2" }] } };
        await using var child = _stages.Start(spec);
        Assert.Equal(ExitCodes.BadSpec, await child.ExitAsync());
        Assert.Equal("ImagesUnsupported", child.Result.Reason);
        Assert.Contains("task count shows images, but the model (model_type qwen2) has no vision tower", child.Result.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(child.Events, line => line.Event == "step");
    }

    private async Task<StageSpec> SpecAsync(bool rft)
    {
        TinyModels.CreateWithImages(_stages.Files["eyes"]);
        var uri = "file://" + _stages.Files["eyes"];
        var model = new ModelInput { Uri = uri, Digest = await new InputResolver().DigestAsync(uri, _stages.Files["digests"]) };
        var task = new TaskInput { Name = "count", Uri = "generated://shapes/count?train=40&eval=6" };
        var spec = await _stages.SpecAsync("count", model, new TrainingSpec
        {
            Method = rft ? StageMethod.RFT : StageMethod.SFT,
            Task = task,
            Optimization = new OptimizationSpec { LearningRate = 1e-2, BatchSize = 6, Steps = 30, MaxSequenceTokens = 64 },
            // A right format alone earns something, so that a random model passes the preflight: none is asked for here.
            Rft = rft ? new RftSpec { GroupSize = 4, MaxResponseTokens = 2, PreflightRollouts = 0, RolloutThreads = 1, KlReference = KlReference.PreviousStage, KlCoefficient = 0.01, MiniBatches = 2 } : null,
            Seed = 4,
        });
        return spec with { BaseModel = model, Evaluation = spec.Evaluation with { PreviousRow = Digests.BaselineHash(model.Digest) }, Checkpoint = new CheckpointSpec { IntervalSteps = 4 } };
    }
}

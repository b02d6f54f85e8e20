using Cpt.Contract;

namespace Cpt.Trainer.Tests;

/// <summary>Stages that replay an earlier task, as processes: the same digest however often they are stopped, and the old data is held to its digest.</summary>
public sealed class ReplayStageTests : IDisposable
{
    private const int SigTerm = 15;

    private readonly StageFixture _stages = new();

    public void Dispose() => _stages.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AStoppedAndThenKilledStageEndsInTheSameDigest(bool rft)
    {
        var spec = await SpecAsync(rft);
        var undisturbed = await UndisturbedAsync(spec);
        await using (var child = _stages.Start(spec))
        {
            await child.UntilAsync(events => events.Any(line => line.Event == "step"));
            child.Signal(SigTerm);
            Assert.True(await child.ExitAsync() == ExitCodes.Stopped, child.Log);
        }

        await using (var child = _stages.Start(spec with { Attempt = 2 }))
        {
            await child.UntilAsync(events => events.Count(line => line.Event == "checkpoint") >= 1);
            child.KillNow();
        }

        await using var last = _stages.Start(spec with { Attempt = 3 });
        Assert.True(await last.ExitAsync() == ExitCodes.Done, last.Log);
        Assert.Contains(last.Events, line => line.Event == "resumed");
        Assert.Equal(undisturbed.CheckpointDigest, last.Result.CheckpointDigest);
        Assert.Equal(undisturbed.Tokens, last.Result.Tokens);
    }

    [Fact]
    public async Task TheReplayChangesTheWeights()
    {
        var spec = await SpecAsync(rft: false);
        var without = StageFixture.With(spec, training => training with { Replay = null });
        Assert.NotEqual((await _stages.CompleteAsync(without)).CheckpointDigest, (await _stages.CompleteAsync(spec)).CheckpointDigest);
    }

    [Fact]
    public async Task OldDataThatIsNotWhatTheStageWasPlannedWithEndsIt()
    {
        var spec = StageFixture.With(await SpecAsync(rft: false), training => training with
        {
            Replay = training.Replay! with { Tasks = [training.Replay.Tasks[0] with { Digest = new string('a', 64) }] },
        });
        await using var child = _stages.Start(spec);
        Assert.Equal(ExitCodes.BadData, await child.ExitAsync());
        Assert.Contains("letters", child.Result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "training.replay.percentage: 0 is outside 1 to 99")]
    [InlineData(100, "training.replay.percentage: 100 is outside 1 to 99")]
    public async Task AShareThatIsNoneIsRefused(int percentage, string message)
    {
        var spec = StageFixture.With(await SpecAsync(rft: false), training => training with { Replay = training.Replay! with { Percentage = percentage } });
        await using var child = _stages.Start(spec);
        Assert.Equal(ExitCodes.BadSpec, await child.ExitAsync());
        Assert.Contains(message, child.Result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AKilledStageIsHeldToTheSameInputWhenItGoesOn(bool rft)
    {
        var spec = StageFixture.With(await SpecAsync(rft), training => training with
        {
            Regularization = new RegularizationSpec
            {
                Ewc = new EwcSpec { Lambda = 100, FisherSamples = 12, Tasks = [rft ? _stages.Sums : _stages.Letters] },
                Lwf = rft ? null : new LwfSpec { Weight = 1, Temperature = 2 },
            },
        });
        var undisturbed = await UndisturbedAsync(spec);
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            await using var child = _stages.Start(spec with { Attempt = attempt });
            await child.UntilAsync(events => events.Count(line => line.Event == "checkpoint") >= 1);
            child.KillNow();
        }

        await using var last = _stages.Start(spec with { Attempt = 3 });
        Assert.True(await last.ExitAsync() == ExitCodes.Done, last.Log);
        Assert.Contains(last.Events, line => line.Event == "resumed");
        Assert.Equal(undisturbed.CheckpointDigest, last.Result.CheckpointDigest);
        var without = StageFixture.With(spec, training => training with { Regularization = null });
        Assert.NotEqual(undisturbed.CheckpointDigest, (await _stages.CompleteAsync(without)).CheckpointDigest);
    }

    private async Task<StageSpec> SpecAsync(bool rft) => StageFixture.With(rft ? await _stages.RftAsync() : await _stages.SftAsync(), training => training with
    {
        Replay = new ReplaySpec { Percentage = 35, Tasks = [rft ? _stages.Sums : _stages.Letters] },
        Optimization = training.Optimization with { Steps = training.Optimization.Steps!.Value * 4 },
    });

    private async Task<StageResult> UndisturbedAsync(StageSpec spec)
    {
        var result = await _stages.CompleteAsync(spec with { StorageUri = "file://" + _stages.Files["undisturbed"], Checkpoint = new CheckpointSpec { IntervalSteps = 0 } });
        Directory.Delete(_stages.Files["work"], recursive: true);
        return result;
    }
}

using Cpt.Contract;

namespace Cpt.Trainer.Tests;

/// <summary>Stages that ask before they train which method has something to learn from.</summary>
public sealed class ProbeTests : IDisposable
{
    private readonly StageFixture _stages = new();

    public void Dispose() => _stages.Dispose();

    [Fact]
    public async Task AProbeIsWrittenDownOnceAndChangesNoWeight()
    {
        var spec = await _stages.RftAsync();
        var without = await _stages.CompleteAsync(spec with { StorageUri = "file://" + _stages.Files["without"] });
        var probed = spec with { Probe = new ProbeSpec { Samples = 8, Rollouts = 4, Sampling = spec.Training.Rft! } };

        await using (var child = _stages.Start(probed))
        {
            await child.UntilAsync(events => events.Any(line => line.Event == "probe"));
            child.KillNow();
            await child.ExitAsync();
        }

        var report = (await _stages.Store.ReadProbeAsync(spec.StageHash))!;
        Assert.Equal((8, 4, spec.Input.Digest), (report.Samples, report.Rollouts, report.ModelDigest));
        Assert.NotEmpty(report.Reasons);

        await using var next = _stages.Start(probed with { Attempt = 2 });
        Assert.True(await next.ExitAsync() == ExitCodes.Done, next.Log);
        Assert.DoesNotContain(next.Events, line => line.Progress?.Phase == TrainerPhase.Probing);
        Assert.Equal(report.Summary, next.Result.Probe);
        Assert.Equal($"probe: {report.Summary}", next.Events.Single(line => line.Event == "probe").Message);
        Assert.Equal(without.CheckpointDigest, next.Result.CheckpointDigest);
        Assert.Null(without.Probe);
    }
}

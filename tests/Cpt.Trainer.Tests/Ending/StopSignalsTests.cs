using Cpt.Trainer.Ending;

namespace Cpt.Trainer.Tests;

public sealed class StopSignalsTests
{
    private readonly ManualTime _time = new();
    private readonly List<string> _endings = [];

    [Fact]
    public void TheFirstSignalAsksTheStageToStop()
    {
        using var signals = Signals(TimeSpan.Zero);
        signals.Receive("SIGTERM");
        Assert.True(signals.Requested.IsCancellationRequested);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(_endings);
    }

    [Fact]
    public void TheSecondSignalEndsAtOnce()
    {
        using var signals = Signals(TimeSpan.Zero);
        signals.Receive("SIGTERM");
        signals.Receive("SIGINT");
        Assert.Equal("a second signal (SIGINT) arrived before the stage had saved", Assert.Single(_endings));
    }

    [Fact]
    public void TheEndOfTheGracePeriodEndsAtOnce()
    {
        using var signals = Signals(TimeSpan.FromSeconds(20));
        _time.Advance(TimeSpan.FromSeconds(60));
        signals.Receive("SIGTERM");
        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Empty(_endings);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("the grace period of 20 s ended before the stage had saved", Assert.Single(_endings));
    }

    private StopSignals Signals(TimeSpan grace) => new(grace, _endings.Add, _time);
}

using Cpt.Contract;
using Cpt.Trainer.Reporting;

namespace Cpt.Trainer.Tests;

public sealed class StageReporterTests
{
    private readonly ManualTime _time = new();
    private readonly RecordingSink _sink = new();
    private readonly StageReporter _reporter;

    public StageReporterTests() => _reporter = new StageReporter(_sink, _time, A.Progress());

    [Fact]
    public void FastStepsAreThinnedToFourEventsASecondButNoSnapshotIsLost()
    {
        for (var step = 1; step <= 1000; step++)
        {
            _reporter.Step(progress => progress with { Step = step }, always: step == 1000);
            Assert.Equal(step, _reporter.Progress.Step);
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        var steps = _sink.Events.Where(line => line.Event == "step").Select(line => line.Progress!.Step).ToList();
        Assert.Equal(1, steps[0]);
        Assert.Equal(1000, steps[^1]);
        Assert.InRange(steps.Count, 39, 42);
    }

    [Fact]
    public void EveryReportBeatsTheHeart()
    {
        _time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(TimeSpan.FromSeconds(90), _reporter.SinceLastBeat);
        _reporter.Phase(TrainerPhase.Training);
        Assert.Equal(TimeSpan.Zero, _reporter.SinceLastBeat);
    }

    [Fact]
    public void AnEvaluationEventLeavesThePerSampleRecordsOut()
    {
        _reporter.Evaluation(new TaskScore
        {
            Task = "parity", Kind = ScoreKind.Task, Accuracy = 0.5, Samples = 2, Records = [new SampleRecord("a", 1, "even"), new SampleRecord("b", 0, "odd")],
        });
        var score = Assert.Single(_sink.Events).Score!;
        Assert.Equal((0.5, 2, 0), (score.Accuracy, score.Samples, score.Records.Count));
    }

    [Theory]
    [InlineData(ExitCodes.Done, "info")]
    [InlineData(ExitCodes.Stopped, "info")]
    [InlineData(ExitCodes.BadData, "error")]
    public void AResultsLevelIsThatOfItsExitCode(int exitCode, string level)
    {
        _reporter.Result(A.Result() with { ExitCode = exitCode });
        Assert.Equal(level, Assert.Single(_sink.Events).Level);
    }
}

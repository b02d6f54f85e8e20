namespace Cpt.Training.Tests;

public sealed class MetricsHistoryTests
{
    private static StepReport Report(int step, double? stop = null) =>
        new() { Step = step, StepsDue = 100_000, Loss = 1.0 / step, GradientNorm = step, LearningRate = 1e-3, Tokens = 1, Reward = 0.5, StopAccuracy = stop };

    [Fact]
    public void ALongStageKeepsAThinnedCurveWithItsNewestStep()
    {
        var history = new MetricsHistory();
        for (var step = 1; step <= 9_999; step++) history.Add(Report(step));
        Assert.InRange(history.Points.Count, MetricsHistory.Capacity / 2, MetricsHistory.Capacity + 1);
        Assert.Equal(9_999, history.Points[^1].Step);
        Assert.Equal(history.Points.Select(point => point.Step).Order(), history.Points.Select(point => point.Step));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1_500)]
    [InlineData(3_333)]
    public void AHistorySavedInTheMiddleGoesOnToTheSameCurve(int saveAt)
    {
        var undisturbed = new MetricsHistory();
        var resumed = new MetricsHistory();
        for (var step = 1; step <= 4_000; step++)
        {
            undisturbed.Add(Report(step, step % 5 == 0 ? 0.5 : null));
            resumed.Add(Report(step, step % 5 == 0 ? 0.5 : null));
            if (step == saveAt) resumed = MetricsHistory.FromJson(resumed.ToJson());
        }

        Assert.Equal(undisturbed.ToJson().ToJsonString(), resumed.ToJson().ToJsonString());
    }
}

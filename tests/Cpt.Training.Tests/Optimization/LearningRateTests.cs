using System.Globalization;
using Cpt.Contract;

namespace Cpt.Training.Tests;

public sealed class LearningRateTests
{
    public static TheoryData<string> Curves => [.. Golden.Read("schedules.json").Select(curve => curve.Key)];

    [Theory]
    [MemberData(nameof(Curves))]
    public void RatesFollowTheReferenceCurveStepByStep(string curve)
    {
        var expected = Golden.Read("schedules.json")[curve].Row();
        var parts = curve.Split('.', 2);
        var schedule = parts[0] switch { "linear" => LearningRateSchedule.Linear, "cosine" => LearningRateSchedule.Cosine, _ => LearningRateSchedule.Constant };
        var values = parts[1].Split('.').Select(part => part.Split('=')).ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture));
        var found = Enumerable.Range(0, expected.Length)
            .Select(step => LearningRates.At(schedule, values["lr"], step, (int)values["warmup"], (int)values["total"])).ToArray();
        for (var step = 0; step < expected.Length; step++) Assert.Equal(expected[step], found[step], values["lr"] * 1e-12);
    }

    [Fact]
    public void TheWarmUpIsItsRatioOfAllStepsRoundedUp()
    {
        var spec = new OptimizationSpec { LearningRate = 1, BatchSize = 1, WarmupRatio = 0.1 };
        Assert.Equal(0, LearningRates.At(spec, 0, 25));
        Assert.Equal(2.0 / 3, LearningRates.At(spec, 2, 25), 12);
        Assert.Equal(1, LearningRates.At(spec, 3, 25));
    }

    [Theory]
    [InlineData(LearningRateSchedule.Linear)]
    [InlineData(LearningRateSchedule.Cosine)]
    public void DecayNeverGoesBelowZeroPastTheEnd(LearningRateSchedule schedule) =>
        Assert.InRange(LearningRates.At(schedule, 1, 150, 0, 100), 0, 1);
}

using Cpt.Contract;

namespace Cpt.Training.Tests;

public sealed class FlipTests
{
    private static TaskScore Row(string? digest, params double[] scores) => new()
    {
        Task = "sums",
        Kind = ScoreKind.Task,
        TaskDigest = digest,
        Accuracy = scores.Average(),
        Samples = scores.Length,
        Records = [.. scores.Select((score, i) => new SampleRecord($"s{i}", score, ""))],
    };

    [Fact]
    public void SamplesThatWereRightAndAreWrongAreLostEvenWhenTheAverageStandsStill() =>
        Assert.Equal((2, 2), Flips.Count(Row("d", 1, 1, 0, 0, 1), Row("d", 0, 0, 1, 1, 1)));

    [Fact]
    public void OnlySamplesInBothRowsAreCompared() => Assert.Equal((0, 1), Flips.Count(Row("d", 0, 1), Row("d", 1, 1, 0, 0)));

    [Fact]
    public void WithoutAPreviousRowOrWithAnotherVersionOfTheTaskNothingIsCounted()
    {
        Assert.Null(Flips.Count(null, Row("d", 1)));
        Assert.Null(Flips.Count(Row("d", 1), Row("e", 0)));
    }
}

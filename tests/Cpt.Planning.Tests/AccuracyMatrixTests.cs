using Cpt.Contract;

namespace Cpt.Planning.Tests;

public sealed class AccuracyMatrixTests
{
    private static readonly string[] s_tasks = ["a", "b", "c"];

    [Fact]
    public void TheMeasuresAreThoseOfThePaper()
    {
        // Rows: base, after a, after b, after c. Checked by hand.
        var matrix = Matrix([.1, .1, .1], [.9, null, null], [.95, .8, null], [.6, .5, .7]);

        Close((.6 + .5 + .7) / 3, matrix.AverageAccuracy);
        Close(((.6 - .9) + (.5 - .8)) / 2, matrix.Forgetting);
        Close(((.6 - .95) + (.5 - .8)) / 2, matrix.ForgettingFromPeak);
    }

    [Fact]
    public void ForwardTransferIsWhatATaskGainedBeforeItWasLearned()
    {
        // Checked by hand: b was .3 before it was learned and .2 on the base model, c .35 and .1.
        var matrix = Matrix([.1, .2, .1], [.9, .3, .15], [.8, .9, .35], [.7, .8, .9]);
        Close(((.3 - .2) + (.35 - .1)) / 2, matrix.ForwardTransfer);
        Close(.3 - .2, matrix.After(2).ForwardTransfer);
        Assert.Null(matrix.After(1).ForwardTransfer);
    }

    [Fact]
    public void WithoutScoresBeforeLearningThereIsNoForwardTransfer() =>
        Assert.Null(Matrix([.1, .1, .1], [.9, null, null], [.95, .8, null], [.6, .5, .7]).ForwardTransfer);

    [Fact]
    public void AnEarlierTimeHasTheMeasuresOfThatTime()
    {
        var matrix = Matrix([.1, .1, .1], [.9, null, null], [.95, .8, null], [.6, .5, .7]);

        Close((.95 + .8) / 2, matrix.After(2).AverageAccuracy);
        Close(.95 - .9, matrix.After(2).Forgetting);
        Close(.9, matrix.After(1).AverageAccuracy);
        Assert.Null(matrix.After(1).Forgetting);
        Close(matrix.Forgetting!.Value, matrix.After(3).Forgetting);
    }

    [Fact]
    public void ATaskThatGotBetterLaterCountsAsGained()
    {
        var matrix = Matrix([.1, .1, .1], [.5, null, null], [.7, .8, null]);
        Close(.2, matrix.Forgetting);
        Close(0, matrix.ForgettingFromPeak);
    }

    [Fact]
    public void WhatTheBaseModelKnewBeforeIsNoPeak()
    {
        var matrix = Matrix([.99, .1, .1], [.5, null, null], [.5, .8, null]);
        Close(0, matrix.ForgettingFromPeak);
    }

    [Fact]
    public void APartialChainIsMeasuredOnWhatItHasLearned()
    {
        Assert.Null(Matrix([.1, .1, .1]).AverageAccuracy);
        var one = Matrix([.1, .1, .1], [.9, .4, .3]);
        Close(.9, one.AverageAccuracy);
        Assert.Null(one.Forgetting);
        Assert.Null(one.ForgettingFromPeak);
        Close((.6 + .8) / 2, Matrix([.1, .1, .1], [.9, .4, .3], [.6, .8, .3]).AverageAccuracy);
    }

    [Fact]
    public void AMissingOrNonFiniteCellMakesItsMeasuresUnknownAndNoOthers()
    {
        var missing = Matrix([.1, .1, .1], [.9, null, null], [.6, double.NaN, null]);
        Assert.Null(missing.AverageAccuracy);
        Close(-.3, missing.Forgetting);
        Assert.Null(Matrix([null, null, null], [double.PositiveInfinity, null, null], [.6, .5, null]).Forgetting);
    }

    [Fact]
    public void WithoutABaselineRowZeroIsEmpty()
    {
        var matrix = AccuracyMatrix.FromEvaluations(s_tasks, [], null, [Row("a", [.9, null, null])]);
        Assert.All(matrix.Rows[0].Tasks, Assert.Null);
        Close(.9, matrix.AverageAccuracy);
    }

    [Fact]
    public void BenchmarksAreComparedWithTheBaseModel()
    {
        var matrix = AccuracyMatrix.FromEvaluations(["a"], ["x", "y"], Benchmarked("", .8, .6), [Benchmarked("a", .7, .3)]);
        Close(-.2, matrix.BenchmarkChange);
        Assert.Null(AccuracyMatrix.FromEvaluations(["a"], ["x", "y"], null, [Benchmarked("a", .7, .3)]).BenchmarkChange);
        Assert.Null(Matrix([.1, .1, .1], [.5, null, null]).BenchmarkChange);
    }

    [Fact]
    public void ATaskAndABenchmarkOfOneNameAreTwoColumns()
    {
        var evaluation = Row("a", [.9, null, null]) with { Scores = [Score("a", ScoreKind.Task, .9), Score("a", ScoreKind.Benchmark, .2)] };
        var matrix = AccuracyMatrix.FromEvaluations(["a"], ["a"], null, [evaluation]);
        Close(.9, matrix.Rows[1].Tasks[0]!.Accuracy);
        Close(.2, matrix.Rows[1].Benchmarks[0]!.Accuracy);
    }

    [Fact]
    public void FlipsAndSampleCountsAreKept()
    {
        var evaluation = Row("a", [.9, null, null]) with { Scores = [Score("a", ScoreKind.Task, .9) with { LostFromPrevious = 3, GainedFromPrevious = 1 }] };
        Assert.Equal(new AccuracyCell(.9, 100, 3, 1), AccuracyMatrix.FromEvaluations(s_tasks, [], null, [evaluation]).Rows[1].Tasks[0]);
    }

    [Fact]
    public void TheStatusFormComesBackAsItWasToTwoDecimals()
    {
        var matrix = Matrix([1 / 3.0, null, 0], [.12345, null, null]);
        var back = AccuracyMatrix.FromStatus(matrix.ToStatus());
        Assert.Equal(["33.33", "", "0.00"], matrix.ToStatus().Rows[0].Tasks);
        Assert.Equal(["12.35", "", ""], matrix.ToStatus().Rows[1].Tasks);
        Assert.Equal(matrix.ToStatus().Rows[1].Tasks, back.ToStatus().Rows[1].Tasks);
        Assert.Equal(["", "a"], back.Rows.Select(row => row.After));
    }

    [Theory]
    [InlineData(0.541666, "54.17")]
    [InlineData(1, "100.00")]
    [InlineData(-0.00001, "0.00")]
    [InlineData(-0.104, "-10.40")]
    public void PercentHasTwoDecimalsAndNoNegativeZero(double fraction, string text) => Assert.Equal(text, AccuracyMatrix.Percent(fraction));

    private static AccuracyMatrix Matrix(double?[] baseline, params double?[][] rows) =>
        AccuracyMatrix.FromEvaluations(s_tasks, [], Row("", baseline), [.. rows.Select((row, index) => Row(s_tasks[index], row))]);

    private static EvaluationDocument Row(string after, double?[] cells) => new()
    {
        StageHash = after,
        ModelDigest = after,
        CreatedAt = A.Morning,
        Scores = [.. cells.Index().Where(cell => cell.Item is not null).Select(cell => Score(s_tasks[cell.Index], ScoreKind.Task, cell.Item!.Value))],
    };

    private static EvaluationDocument Benchmarked(string after, double x, double y) => new()
    {
        StageHash = after,
        ModelDigest = after,
        CreatedAt = A.Morning,
        Scores = [Score("x", ScoreKind.Benchmark, x), Score("y", ScoreKind.Benchmark, y)],
    };

    private static TaskScore Score(string task, ScoreKind kind, double accuracy) => new() { Task = task, Kind = kind, Accuracy = accuracy, Samples = 100 };

    private static void Close(double expected, double? actual) => Assert.Equal(expected, Assert.NotNull(actual), 12);
}

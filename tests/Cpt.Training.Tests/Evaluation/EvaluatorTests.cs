using Cpt.Contract;

namespace Cpt.Training.Tests;

public sealed class EvaluatorTests
{
    [Fact]
    public void ARowHasARecordForEverySampleAndCountsWhatWasLostAndGained()
    {
        using var model = Tiny.HalfTaught();
        var task = Tiny.EvenDigits();
        TaskScore Row(ulong seed, TaskScore? previous) =>
            new Evaluator(model, Tiny.Tokenizer, new EvaluationSettings { Temperature = 1, MaxResponseTokens = 2, Seed = seed }).Score(task, ScoreKind.Task, previous, default);

        var first = Row(1, null);
        var second = Row(2, first);
        Assert.Equal(20, first.Records.Count);
        Assert.Equal(first.Records.Average(record => record.Score), first.Accuracy, 12);
        Assert.Null(first.LostFromPrevious);
        var before = first.Records.ToDictionary(record => record.Id, record => record.Score);
        Assert.Equal(second.Records.Count(record => record.Score == 0 && before[record.Id] == 1), second.LostFromPrevious);
        Assert.Equal(second.Records.Count(record => record.Score == 1 && before[record.Id] == 0), second.GainedFromPrevious);
        Assert.True(second.LostFromPrevious + second.GainedFromPrevious > 0, "another seed draws other answers");
    }

    [Fact]
    public void EqualSeedsGiveEqualRows()
    {
        using var model = Tiny.HalfTaught();
        string Row() => string.Join('|', new Evaluator(model, Tiny.Tokenizer, new EvaluationSettings { Temperature = 1, MaxResponseTokens = 2, Seed = 3 })
            .Score(Tiny.EvenDigits(), ScoreKind.Task, null, default).Records.Select(record => record.Response));
        Assert.Equal(Row(), Row());
    }

    [Fact]
    public void OnlyTheFirstSamplesAreScoredWhenAskedAndLongResponsesAreShortenedInTheRecord()
    {
        using var model = Tiny.Model();
        var task = Tiny.EvenDigits();
        var row = new Evaluator(model, Tiny.Tokenizer, new EvaluationSettings { MaxSamples = 3 }).Score(task, ScoreKind.Benchmark, null, default);
        Assert.Equal((3, ScoreKind.Benchmark), (row.Samples, row.Kind));
        Assert.Equal(task.Eval.Take(3).Select(sample => sample.Id), row.Records.Select(record => record.Id));
        Assert.All(row.Records, record => Assert.InRange(record.Response.Length, 0, 256));
    }

    [Fact]
    public void APromptThatFillsTheContextIsNamed()
    {
        using var model = Tiny.Model();
        var task = Tiny.Task([Tiny.Sample("a", "a=", "1")], [Tiny.Sample("huge", new string('x', 64), "1")]);
        var error = Assert.Throws<StageFailureException>(() => new Evaluator(model, Tiny.Tokenizer, new EvaluationSettings()).Score(task, ScoreKind.Task, null, default));
        Assert.Equal("SampleTooLong", error.Reason);
        Assert.Contains("eval sample huge: 64 prompt tokens leave no room", error.Message, StringComparison.Ordinal);
    }
}

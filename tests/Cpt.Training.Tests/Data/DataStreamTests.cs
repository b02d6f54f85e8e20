using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training.Tests;

/// <summary>What a stage draws when it mixes tasks: shares to the sample, in an order that hangs on seed and position alone.</summary>
public sealed class DataStreamTests : IDisposable
{
    private readonly Models.CausalLM _model = Tiny.Model();

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(33)]
    [InlineData(50)]
    [InlineData(99)]
    public void TheReplayedShareIsExactOverTheStepsAtAnyBatchSize(int percentage)
    {
        var stream = new DataStream([Source("new", 7)], [Source("old", 5, replayed: true)], percentage, seed: 3);
        foreach (var batch in new[] { 1, 3, 8, 64 })
        {
            long replayed = 0;
            for (var step = 1; step <= 200; step++)
            {
                replayed += stream.Take((step - 1) * batch, batch).Count(drawn => drawn.From.Replayed);
                // Never a whole sample away from p % of what was drawn so far.
                Assert.Equal((long)step * batch * percentage / 100, replayed);
            }
        }
    }

    [Fact]
    public void EarlierTasksTakeTurns()
    {
        var stream = new DataStream([Source("new", 9)], [Source("a", 4, true), Source("b", 90, true), Source("c", 2, true)], 30, seed: 1);
        var replayed = stream.Take(0, 300).Where(drawn => drawn.From.Replayed).Select(drawn => drawn.From.Task.Name).ToList();
        Assert.Equal(90, replayed.Count);
        Assert.Equal(["a", "b", "c", "a", "b", "c"], replayed.Take(6));
        Assert.All(replayed.CountBy(name => name), share => Assert.Equal(30, share.Value));
    }

    [Fact]
    public void AReplayedTaskIsWalkedThroughInPermutations()
    {
        var stream = new DataStream([Source("new", 9)], [Source("old", 6, true)], 50, seed: 1);
        var replayed = stream.Take(0, 24).Where(drawn => drawn.From.Replayed).Select(drawn => drawn.Sample.Id).ToList();
        Assert.Equal(12, replayed.Count);
        Assert.Equal(6, replayed.Take(6).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(6, replayed.Skip(6).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void AnEpochHasEverySampleOfTheStagesOwnOnceAndTheReplayedOnTop()
    {
        var own = Source("new", 30);
        var stream = new DataStream([own], [Source("old", 5, true)], 25, seed: 1);
        var plan = StepPlan.Of(new OptimizationSpec { LearningRate = 1, BatchSize = 8, Epochs = 1 }, stream.Count, stream.Share);
        var drawn = Enumerable.Range(0, plan.Steps).SelectMany(step => stream.Take(plan.Stretch(step).Start, plan.Stretch(step).Count)).ToList();
        Assert.Equal(own.Task.Train.Select(sample => sample.Id).Order(StringComparer.Ordinal), drawn.Where(one => !one.From.Replayed).Select(one => one.Sample.Id).Order(StringComparer.Ordinal));
        // The stretch ends with the last sample of its own: 30 of 39 are 77 %, and the 40th would be a replayed one.
        Assert.Equal((39, 5), (drawn.Count, plan.Steps));
    }

    [Fact]
    public void WithoutReplayAStageDrawsWhatItAlwaysDrew()
    {
        var source = Source("new", 13);
        var order = new DataOrder(13, seed: 9);
        Assert.Equal(order.Take(0, 40).Select(index => source.Task.Train[index].Id), new DataStream([source], [], 0, seed: 9).Take(0, 40).Select(drawn => drawn.Sample.Id));
        Assert.Equal(40, default(ReplayShare).Length(40));
    }

    [Fact]
    public void WhatStandsAtAPositionDoesNotDependOnWhatWasReadBefore()
    {
        DataStream Stream() => new([Source("x", 7), Source("y", 3)], [Source("a", 4, true), Source("b", 5, true)], 35, seed: 2);
        var straight = Ids(Stream().Take(0, 120));
        var stream = Stream();
        foreach (var start in new[] { 100, 0, 57, 13 }) Assert.Equal(straight[start..(start + 12)], Ids(stream.Take(start, 12)));
    }

    [Fact]
    public void ALaterStageReplaysOtherSamplesOfATaskThanTheOneBefore()
    {
        List<string> First(params TaskSource[] replayed) => [.. new DataStream([Source("new", 9)], replayed, 50, seed: 1)
            .Take(0, 60).Where(drawn => drawn.From.Task.Name == "a").Select(drawn => drawn.Sample.Id).Take(8)];
        Assert.NotEqual(First(Source("a", 50, true)), First(Source("a", 50, true), Source("b", 50, true)));
    }

    [Fact]
    public void TasksLearnedTogetherAreMixedInProportionToTheirSizes()
    {
        int[] sizes = [60, 30, 10];
        var stream = new DataStream([.. sizes.Select((size, task) => Source($"t{task}", size))], [], 0, seed: 4);
        Assert.Equal(100, stream.Count);
        foreach (var start in Enumerable.Range(0, 30).Select(batch => batch * 10))
        {
            var counts = stream.Take(start, 10).CountBy(drawn => drawn.From.Task.Name).ToDictionary(StringComparer.Ordinal);
            Assert.All(sizes.Index(), size => Assert.InRange(counts.GetValueOrDefault($"t{size.Index}"), (size.Item / 10) - 1, (size.Item / 10) + 1));
        }

        foreach (var epoch in new[] { 0, 1 })
        {
            Assert.Equal(100, stream.Take(epoch * 100, 100).Select(drawn => drawn.From.Task.Name + drawn.Sample.Id).Distinct(StringComparer.Ordinal).Count());
        }

        Assert.NotEqual(Ids(stream.Take(0, 100)), Ids(stream.Take(100, 100)));
    }

    [Theory]
    [InlineData(true, "replay.fromStages")]
    [InlineData(false, "no stage can learn it")]
    public void ATaskWithoutTrainingSamplesIsRefused(bool replayed, string message)
    {
        var error = Assert.Throws<StageFailureException>(() => Source("empty", 0, replayed));
        Assert.Equal((ExitCodes.BadData, "NoValidSamples"), (error.ExitCode, error.Reason));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static List<string> Ids(IEnumerable<DrawnSample> drawn) => [.. drawn.Select(one => $"{one.From.Task.Name} {one.Sample.Id}")];

    private TaskSource Source(string name, int samples, bool replayed = false) => TaskSource.Of(Named(name, samples), _model, Tiny.Tokenizer, PromptStyle.Direct, replayed);

    private static TaskData Named(string name, int samples)
    {
        var task = Tiny.Task([.. Enumerable.Range(0, samples).Select(i => Tiny.Sample($"{i:000}", $"{name}{i}=", "1"))]);
        return task with { Definition = task.Definition with { Name = name } };
    }
}

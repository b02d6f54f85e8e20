using Cpt.Contract;
using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class DataOrderTests
{
    [Fact]
    public void EveryEpochIsAPermutationOfItsOwn()
    {
        var order = new DataOrder(100, seed: 3);
        var first = order.Take(0, 100);
        var second = order.Take(100, 100);
        Assert.Equal(Enumerable.Range(0, 100), first.Order());
        Assert.Equal(Enumerable.Range(0, 100), second.Order());
        Assert.NotEqual(first, second);
        Assert.NotEqual(Enumerable.Range(0, 100), first);
    }

    [Fact]
    public void TheSamplesAtAPositionDoNotDependOnWhatWasReadBefore()
    {
        var straight = new DataOrder(7, seed: 1).Take(0, 40);
        var order = new DataOrder(7, seed: 1);
        foreach (var start in new[] { 33, 0, 14, 5 }) Assert.Equal(straight[start..(start + 6)], order.Take(start, 6));
    }

    [Fact]
    public void AnotherSeedGivesAnotherOrder() => Assert.NotEqual(new DataOrder(50, 1).Take(0, 50), new DataOrder(50, 2).Take(0, 50));

    [Fact]
    public void NumbersBelowABoundAreSpreadEvenly()
    {
        var counts = new int[6];
        var state = Seeds.Of(9, Seeds.Purpose.DataOrder);
        for (var i = 0; i < 60_000; i++) counts[Seeds.Next(ref state, 6)]++;
        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Fact]
    public void SeedsOfDifferentPurposesStepsAndDrawsAllDiffer()
    {
        var seeds = from purpose in Enum.GetValues<Seeds.Purpose>()
                    from step in Enumerable.Range(0, 20)
                    from draw in Enumerable.Range(0, 5)
                    from seed in new long[] { 0, 1, -1 }
                    select Seeds.Of(seed, purpose, step, draw);
        var all = seeds.ToArray();
        Assert.Equal(all.Length, all.Distinct().Count());
    }
}

public sealed class StepPlanTests
{
    [Theory]
    [InlineData(1.0, 100, 32, 4, 4)]
    [InlineData(2.0, 100, 32, 7, 8)]
    [InlineData(0.5, 100, 32, 2, 18)]
    [InlineData(1.0, 64, 32, 2, 32)]
    public void EpochsBecomeStepsAndTheLastOneTakesWhatIsLeft(double epochs, int samples, int batch, int steps, int last)
    {
        var plan = StepPlan.Of(new OptimizationSpec { LearningRate = 1, BatchSize = batch, Epochs = epochs }, samples);
        Assert.Equal(steps, plan.Steps);
        Assert.Equal(((long)(steps - 1) * batch, last), plan.Stretch(steps - 1));
    }

    [Fact]
    public void StepsOverrideEpochsAndAllAreFull()
    {
        var plan = StepPlan.Of(new OptimizationSpec { LearningRate = 1, BatchSize = 8, Steps = 50 }, samples: 10);
        Assert.Equal(50, plan.Steps);
        Assert.Equal((392L, 8), plan.Stretch(49));
    }

    [Theory]
    [InlineData(0, 1.0, null, "batchSize: 0 is too small")]
    [InlineData(4, 1.0, 0, "steps: 0 is too small")]
    [InlineData(4, 0.0, null, "epochs: 0 of 10 samples")]
    [InlineData(4, double.NaN, null, "epochs: NaN of 10 samples")]
    public void ImpossiblePlansAreRefusedByField(int batch, double epochs, int? steps, string message)
    {
        var spec = new OptimizationSpec { LearningRate = 1, BatchSize = batch, Epochs = epochs, Steps = steps };
        var error = Assert.Throws<StageFailureException>(() => StepPlan.Of(spec, 10));
        Assert.Equal(ExitCodes.BadSpec, error.ExitCode);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}

public sealed class MicroBatchTests
{
    private static readonly TrainingSequence[] s_sequences = [.. new[] { 3, 9, 1, 5, 9, 2, 7 }.Select(length => new TrainingSequence(new int[length], [1]))];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    [InlineData(0)]
    public void EverySequenceStandsInExactlyOnePass(int size)
    {
        var passes = MicroBatches.Split(s_sequences, size, torch.CPU);
        Assert.Equal(Enumerable.Range(0, s_sequences.Length), passes.SelectMany(pass => pass).Order());
        if (size > 0) Assert.All(passes, pass => Assert.InRange(pass.Length, 1, size));
    }

    [Fact]
    public void LikeLengthsGoTogetherLongestFirst() =>
        Assert.Equal([9, 9, 7, 5, 3, 2, 1], MicroBatches.Split(s_sequences, 2, torch.CPU).SelectMany(pass => pass).Select(i => s_sequences[i].InputLength));

    [Fact]
    public void AnAutomaticPassNeverHoldsMoreTokensThanItMay()
    {
        var sequences = Enumerable.Range(0, 200).Select(i => new TrainingSequence(new int[500 + (i % 7 * 100)], [1])).ToArray();
        foreach (var pass in MicroBatches.Split(sequences, 0, torch.CPU))
        {
            Assert.InRange(pass.Length * pass.Max(i => sequences[i].InputLength), 1, MicroBatches.AutomaticTokens(torch.CPU));
        }
    }
}

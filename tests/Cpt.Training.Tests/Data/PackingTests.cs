using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class PackingTests
{
    [Fact]
    public void EverySequenceStandsInOnePassAndNoPassHoldsMoreThanItsTokens()
    {
        var lengths = new[] { 5, 9, 2, 2, 7, 30, 1, 4 };
        var sequences = lengths.Select(length => new TrainingSequence(new int[length], [1])).ToArray();
        var passes = MicroBatches.Pack(sequences, tokens: 12);
        Assert.Equal(Enumerable.Range(0, lengths.Length), passes.SelectMany(pass => pass).Order());
        Assert.All(passes, pass => Assert.True(pass.Sum(index => lengths[index]) <= 12 || pass is [5]));
        Assert.Equal([[5], [1], [4, 0], [7, 2, 3, 6]], passes);
    }

    [Fact]
    public void APassHoldsTheTokensOfAsManyFullSequencesAsAMicroBatchHas()
    {
        var optimization = Tiny.Optimization(1) with { MicroBatchSize = 3, MaxSequenceTokens = 100 };
        Assert.Equal(300, MicroBatches.PackedTokens(optimization, torch.CPU));
        Assert.Equal(MicroBatches.AutomaticTokens(torch.CPU), MicroBatches.PackedTokens(optimization with { MicroBatchSize = 0 }, torch.CPU));
    }

    public static TheoryData<string, int> Kinds() => new() { { "text", 0 }, { "text", 1 }, { "pictures", 0 } };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void PackedSamplesTeachWhatPaddedOnesDo(string kind, int microBatchSize)
    {
        var (padded, paddedLosses) = Run(kind, microBatchSize, pack: false);
        var (packed, packedLosses) = Run(kind, microBatchSize, pack: true);
        Assert.All(paddedLosses.Zip(packedLosses), pair => Assert.Equal(pair.First, pair.Second, 5));
        Assert.True(Tiny.LargestDifference(padded, packed) < 1e-4, $"weights differ by {Tiny.LargestDifference(padded, packed)}");
    }

    private static (Dictionary<string, float[]> Weights, List<double> Losses) Run(string kind, int microBatchSize, bool pack)
    {
        // Plain gradient descent in the end: Adam makes whole steps of rounding errors.
        using var policy = kind == "text" ? Tiny.Model() : Tiny.VisionModel();
        var samples = Enumerable.Range(0, 12).Select(i => Tiny.Sample($"s{i}", new string((char)('a' + i), 1 + (i * 5 % 17)) + "=", new string('x', 1 + (i % 4)))).ToArray();
        var task = kind == "text" ? Tiny.Task(samples) : Tiny.Shapes();
        var optimization = Tiny.Optimization(3, batch: 12, rate: 1e-3) with { Epsilon = 1, MicroBatchSize = microBatchSize, PackSequences = pack };
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(optimization), policy, task));
        var losses = new List<double>();
        while (!loop.Finished) losses.Add(loop.RunStep(default).Loss);
        return (Tiny.Weights(policy), losses);
    }
}

namespace Cpt.Training.Tests;

public sealed class WorkShareTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void EverySequenceIsOneWorkersAndAllHaveAboutAsManyTokens(int size)
    {
        int[] lengths = [.. Enumerable.Range(0, 64).Select(i => 10 + ((i * 37) % 50))];
        var shares = Enumerable.Range(0, size).Select(rank => WorkShare.Of(lengths, rank, size)).ToArray();

        Assert.Equal(Enumerable.Range(0, lengths.Length), shares.SelectMany(share => share).Order());
        var tokens = shares.Select(share => share.Sum(i => lengths[i])).ToArray();
        Assert.InRange(tokens.Max() - tokens.Min(), 0, lengths.Max());
        Assert.All(shares, share => Assert.InRange(share.Length, lengths.Length / size, (lengths.Length / size) + 1));
    }

    [Fact]
    public void WithFewerSequencesThanWorkersSomeHaveNone()
    {
        Assert.Equal([0], WorkShare.Of([7], 0, 3));
        Assert.Empty(WorkShare.Of([7], 1, 3));
        Assert.Empty(WorkShare.Of([], 0, 3));
    }
}

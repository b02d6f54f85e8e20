using Cpt.Cli.Studies;
using Cpt.Cli.Studies.Statistics;

namespace Cpt.Cli.Tests.Studies;

/// <summary>Against values worked out by hand, or taken from tables of Student's t.</summary>
public sealed class StatisticsTests
{
    [Fact]
    public void TheDeviationIsThatOfASample()
    {
        // Mean 5; squares of the distances 9+1+1+1+0+0+4+16 = 32; 32 / 7.
        var sample = Sample.Of([2, 4, 4, 4, 5, 5, 7, 9])!;
        Assert.Equal((8, 5.0), (sample.Count, sample.Mean));
        Assert.Equal(Math.Sqrt(32.0 / 7), sample.Deviation!.Value, 12);
    }

    [Fact]
    public void TheIntervalOfThreeSeedsIsWide()
    {
        // s = 1, t(0.975, 2) = 4.302653, / √3.
        var sample = Sample.Of([9, 10, 11])!;
        Assert.Equal(4.302653 / Math.Sqrt(3), sample.HalfWidth!.Value, 5);
        Assert.Equal((10 - 2.484138, 10 + 2.484138), (sample.Low!.Value, sample.High!.Value), new Within(1e-5));
    }

    [Fact]
    public void TheIntervalOfFiveSeedsUsesFourDegreesOfFreedom() =>
        // s = √2.5, t(0.975, 4) = 2.776445.
        Assert.Equal(2.776445 * Math.Sqrt(2.5) / Math.Sqrt(5), Sample.Of([1, 2, 3, 4, 5])!.HalfWidth!.Value, 5);

    [Fact]
    public void OneValueHasAMeanAndNothingElse() => Assert.Equal((1, 4.0, null, null, null), Sample.Of([4, null, double.NaN]) is { } one ? (one.Count, one.Mean, one.Deviation, one.Low, one.High) : default);

    [Fact]
    public void NoValueIsNoSample() => Assert.Null(Sample.Of([null, double.NaN]));

    [Fact]
    public void PairsAreComparedSeedBySeed()
    {
        // Differences 1, 2, 3: mean 2, s = 1, t = 2√3 = 3.4641 with 2 degrees of freedom. For 2 degrees p = 1 − t ∕ √(t² + 2) = 1 − √(12 ∕ 14).
        var comparison = PairedComparison.Of([(11, 10), (22, 20), (33, 30)])!;
        Assert.Equal((3, 2.0, 1.0), (comparison.Difference.Count, comparison.Difference.Mean, comparison.Difference.Deviation));
        Assert.Equal(1 - Math.Sqrt(12.0 / 14), comparison.TTest!.Value, 9);
        // 2 − 2.484 < 0 < 2 + 2.484.
        Assert.True(comparison.WithinNoise);
    }

    [Fact]
    public void TheExactTestCountsSignsAndCannotGoBelowItsFloor()
    {
        // All of three differ in one direction: of 8 choices of signs only +++ and −−− are as far from 0.
        Assert.Equal(0.25, PairedComparison.Of([(11, 10), (22, 20), (33, 30)])!.Exact);
        Assert.Equal(0.25, PairedComparison.SmallestExact(3));
        // 3, 1, −2: |sum| 2 or more for +++ (2), −−− and (+,+,−)=6, (−,−,+), (+,−,+)=0: no, (+,−,−)=4, (−,+,+)=−4, (−,+,−)=0: no. Six of eight.
        Assert.Equal(0.75, PairedComparison.Of([(3, 0), (1, 0), (-2, 0)])!.Exact);
        Assert.Equal(0.03125, PairedComparison.SmallestExact(6));
    }

    [Fact]
    public void ADifferenceFarOutsideTheSpreadIsNotNoise()
    {
        var comparison = PairedComparison.Of([(60, 30), (61, 30), (62, 30)])!;
        Assert.False(comparison.WithinNoise);
        Assert.InRange(comparison.TTest!.Value, 0, 0.001);
    }

    [Fact]
    public void PairsWithoutSpreadAreEqualOrNot()
    {
        Assert.Equal((1.0, true), PairedComparison.Of([(5, 5), (6, 6)]) is { } equal ? (equal.TTest!.Value, equal.WithinNoise!.Value) : default);
        Assert.Equal((0.0, false), PairedComparison.Of([(6, 5), (7, 6)]) is { } shifted ? (shifted.TTest!.Value, shifted.WithinNoise!.Value) : default);
    }

    [Fact]
    public void APairOfWhichOneIsMissingDoesNotCount()
    {
        var comparison = PairedComparison.Of([(5, 4), (null, 4), (5, null)])!;
        Assert.Equal((1, null, null, null), (comparison.Difference.Count, comparison.TTest, comparison.Exact, comparison.WithinNoise));
        Assert.Null(PairedComparison.Of([(null, 4)]));
    }

    [Fact]
    public void MoreSeedsThanCanBeCountedHaveNoExactTest() => Assert.Null(PairedComparison.Of(Enumerable.Range(0, 21).Select(seed => ((double?)seed, (double?)0)))!.Exact);

    [Fact]
    public void FewSeedsAreSaidToBeFew()
    {
        Assert.Contains("can never give less than p = 0.25", Verdicts.Strength(3, 1), StringComparison.Ordinal);
        Assert.Contains("nothing can be said", Verdicts.Strength(1, 9), StringComparison.Ordinal);
        Assert.Contains("30 differences are judged at 95 % each", Verdicts.Strength(6, 30), StringComparison.Ordinal);
    }

    [Fact]
    public void ADifferenceIsSaidWithItsIntervalAndWhetherItIsNoise()
    {
        Assert.Equal("+2.0 (−0.5 … +4.5), p 0.074, exact 0.25: within noise", Verdicts.Text(PairedComparison.Of([(11, 10), (22, 20), (33, 30)])));
        Assert.Equal("+1.0 (one seed)", Verdicts.Text(PairedComparison.Of([(11, 10)])));
        Assert.EndsWith("different", Verdicts.Text(PairedComparison.Of([(60, 30), (61, 30), (62, 30)])), StringComparison.Ordinal);
    }

    private sealed class Within(double distance) : IEqualityComparer<(double, double)>
    {
        public bool Equals((double, double) x, (double, double) y) => Math.Abs(x.Item1 - y.Item1) < distance && Math.Abs(x.Item2 - y.Item2) < distance;

        public int GetHashCode((double, double) obj) => 0;
    }
}

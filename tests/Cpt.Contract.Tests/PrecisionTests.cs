namespace Cpt.Contract.Tests;

public sealed class PrecisionTests
{
    [Fact]
    public void TheNamesAreListedAsASentenceDoes() => Assert.Equal("float32, bfloat16, bfloat16-master or bfloat16-pure", Precision.Choices);

    [Theory]
    [InlineData("float32", false)]
    [InlineData("bfloat16", false)]
    [InlineData("bfloat16-master", true)]
    [InlineData("bfloat16-pure", true)]
    public void OnlyMasterAndPureHalveTheWeightsThemselves(string precision, bool halves) => Assert.Equal(halves, Precision.HalvesWeights(precision));

    [Fact]
    public void EveryNameIsOneOfAll() => Assert.Equal([Precision.Float32, Precision.BFloat16, Precision.BFloat16Master, Precision.BFloat16Pure], Precision.All);
}

using Cpt.Cli.Tests.Support;

namespace Cpt.Cli.Tests;

[Trait("Category", "EndToEnd")]
public sealed class BenchWorkersTests
{
    [Fact]
    public async Task OneWorkerAndTwoTakeTurnsOnTheSameBatches()
    {
        var result = await CptProcess.RunAsync(Repository.Root, "bench", "workers", "--size", "small", "--workers", "2", "--rounds", "2", "-o", "json");

        Assert.True(result.ExitCode == 0, result.ToString());
        var size = Assert.Single(result.Json.GetProperty("sizes").EnumerateArray());
        var pairs = size.GetProperty("pairs").EnumerateArray().ToArray();
        Assert.Equal(2, pairs.Length);
        Assert.All(pairs, pair => Assert.Equal(
            pair.GetProperty("crew").GetProperty("tokensPerSecond").GetDouble() / pair.GetProperty("alone").GetProperty("tokensPerSecond").GetDouble(), pair.GetProperty("ratio").GetDouble(), 9));
        Assert.Equal(pairs.Average(pair => pair.GetProperty("ratio").GetDouble()), size.GetProperty("ratio").GetDouble(), 9);
        Assert.Equal(size.GetProperty("ratio").GetDouble(), result.Json.GetProperty("lowest").GetDouble());
        Assert.True(size.GetProperty("cpuRatio").GetDouble() > 0);
    }
}

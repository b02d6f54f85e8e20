using Cpt.Torch;

namespace Cpt.Models.Tests;

/// <summary>Against <see cref="TokenSampler"/>, which works row by row on the host.</summary>
public sealed class DeviceSamplerTests
{
    [Theory]
    [InlineData(37, 1.0, 0)]
    [InlineData(512, 1.0, 0)]
    [InlineData(1025, 0.7, 5)]
    [InlineData(5000, 1.3, 0)]
    [InlineData(5000, 0.0, 0)]
    public void ItChoosesWhatTheHostsSamplerChooses(int vocabulary, double temperature, int topK)
    {
        const int rows = 64;
        using var scope = torch.NewDisposeScope();
        var options = new SamplingOptions(temperature, topK, 1);
        var logits = Enumerable.Range(0, rows * vocabulary).Select(i => (float)(3 * CounterRandom.Normal(3, 0, i))).ToArray();
        var uniforms = Enumerable.Range(0, rows).Select(row => CounterRandom.Uniform(1, 2, row)).ToArray();
        using var sampler = new DeviceSampler(options, vocabulary, torch.CPU);
        var (tokens, logProbabilities) = sampler.Choose(torch.tensor(logits, rows, vocabulary), uniforms);
        var host = new TokenSampler(options, vocabulary);
        for (var row = 0; row < rows; row++)
        {
            var (token, logProbability) = host.Choose(logits.AsSpan(row * vocabulary, vocabulary), uniforms[row]);
            Assert.Equal(token, tokens[row]);
            Assert.Equal(logProbability, logProbabilities[row], 1e-4f);
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.9999999999999999)]
    public void TheEndsOfTheDistributionFallOnTokensThatHaveWeight(double uniform)
    {
        using var scope = torch.NewDisposeScope();
        var values = new float[1300];
        Array.Fill(values, float.NegativeInfinity);
        (values[600], values[700]) = (1, 0);
        var logits = torch.tensor(values, 1, 1300);
        using var sampler = new DeviceSampler(new SamplingOptions(1, 0, 1), 1300, torch.CPU);
        var (tokens, _) = sampler.Choose(logits, [uniform]);
        Assert.Equal(uniform == 0 ? 600 : 700, tokens[0]);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void ARowThatIsNotFiniteHasNoProbability(double bad)
    {
        using var scope = torch.NewDisposeScope();
        var values = new float[1200];
        values[605] = (float)bad;
        var logits = torch.tensor(values, 2, 600);
        using var sampler = new DeviceSampler(new SamplingOptions(1, 0, 1), 600, torch.CPU);
        var (_, logProbabilities) = sampler.Choose(logits, [0.5, 0.5]);
        Assert.Equal(-Math.Log(600), logProbabilities[0], 1e-5);
        Assert.True(float.IsNaN(logProbabilities[1]));
    }
}

using System.Globalization;

namespace Cpt.Models.Tests;

public sealed class TokenSamplerTests
{
    [Fact]
    public void ProbabilitiesFollowTransformersOrderOfTemperatureTopKTopP()
    {
        using var file = SafetensorsFile.Open(Golden.Path("samplers.safetensors"));
        var logits = file.Read<float>("logits");
        var (rows, vocabulary) = ((int)file.Find("logits").Shape[0], (int)file.Find("logits").Shape[1]);
        var cases = 0;
        foreach (var tensor in file.Tensors.Where(tensor => tensor.Name != "logits"))
        {
            var expected = file.Read<float>(tensor.Name);
            var sampler = new TokenSampler(Options(tensor.Name), vocabulary);
            var found = new float[vocabulary];
            for (var row = 0; row < rows; row++, cases++)
            {
                sampler.Probabilities(logits.AsSpan(row * vocabulary, vocabulary), found);
                for (var i = 0; i < vocabulary; i++)
                {
                    Assert.Equal(expected[(row * vocabulary) + i], found[i], 1e-6f);
                }
            }
        }

        Assert.Equal(16, cases);
    }

    [Theory]
    [InlineData(1.0, 0, 1.0)]
    [InlineData(0.7, 5, 1.0)]
    [InlineData(1.3, 0, 0.8)]
    public void DrawsFollowTheProbabilities(double temperature, int topK, double topP)
    {
        var logits = Enumerable.Range(0, 37).Select(i => (float)(2 * CounterRandom.Normal(3, 0, i))).ToArray();
        var sampler = new TokenSampler(new SamplingOptions(temperature, topK, topP), logits.Length);
        var expected = new float[logits.Length];
        sampler.Probabilities(logits, expected);
        const int draws = 20_000;
        var counts = new int[logits.Length];
        for (var i = 0; i < draws; i++)
        {
            counts[sampler.Choose(logits, CounterRandom.Uniform(1, 7, i)).Token]++;
        }

        for (var i = 0; i < counts.Length; i++)
        {
            // Five standard deviations of a binomial count.
            Assert.InRange(counts[i], (draws * expected[i]) - (5 * Math.Sqrt(draws * expected[i])), (draws * expected[i]) + (5 * Math.Sqrt(draws * expected[i])));
        }
    }

    [Fact]
    public void TheLogProbabilityIsTheUnalteredModels()
    {
        float[] logits = [0, 1, 2, 3, -1, 0.5f, 7, 1, 2];
        var total = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        var (token, logProbability) = new TokenSampler(new SamplingOptions(0.5, 3, 0.9), logits.Length).Choose(logits, 0.2);
        Assert.Equal(6, token);
        Assert.Equal(7 - total, logProbability, 1e-5);
    }

    [Fact]
    public void GreedyTakesTheFirstOfEquals()
    {
        Assert.Equal(1, new TokenSampler(new SamplingOptions(0, 0, 1), 4).Choose([0, 5, 5, 1], 0.99).Token);
    }

    [Fact]
    public void TheEndsOfTheUnitIntervalGiveTokensThatMayBeDrawn()
    {
        var sampler = new TokenSampler(new SamplingOptions(1, 2, 1), 5);
        Assert.Equal(1, sampler.Choose([0, 3, 1, 2, 0], 0).Token);
        Assert.Equal(3, sampler.Choose([0, 3, 1, 2, 0], 1 - 1e-16).Token);
    }

    [Fact]
    public void LogitsThatAreNotFiniteAreRefused()
    {
        var sampler = new TokenSampler(new SamplingOptions(1, 0, 1), 3);
        Assert.Throws<NonFiniteLogitsException>(() => sampler.Choose([0, float.NaN, 1], 0.5));
        Assert.Throws<NonFiniteLogitsException>(() => sampler.Choose([0, float.PositiveInfinity, 1], 0.5));
    }

    [Theory]
    [InlineData(-1, 0, 1, "temperature")]
    [InlineData(double.NaN, 0, 1, "temperature")]
    [InlineData(1, -1, 1, "topK")]
    [InlineData(1, 0, 0, "topP")]
    [InlineData(1, 0, 1.5, "topP")]
    public void AnOptionWithoutMeaningIsNamed(double temperature, int topK, double topP, string name)
    {
        Assert.Contains(name, Assert.Throws<ArgumentOutOfRangeException>(() => new TokenSampler(new SamplingOptions(temperature, topK, topP), 3)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheKthLargestIsWhatSortingGives()
    {
        for (var round = 0; round < 200; round++)
        {
            var values = Enumerable.Range(0, 1 + (round % 40)).Select(i => (float)(CounterRandom.Hash((ulong)round, 0, i) % 10)).ToArray();
            var k = 1 + (round % values.Length);
            Assert.Equal(values.OrderDescending().ElementAt(k - 1), Selection.KthLargest([.. values], k));
        }
    }

    private static SamplingOptions Options(string name)
    {
        var parts = name.Split('=', '.').ToList();
        double Value(string key) => double.Parse(name[(name.IndexOf(key + "=", StringComparison.Ordinal) + key.Length + 1)..].Split(".top")[0], CultureInfo.InvariantCulture);
        Assert.Contains("temperature", parts);
        return new SamplingOptions(Value("temperature"), (int)Value("topk"), Value("topp"));
    }
}

using Cpt.Torch;

namespace Cpt.Models.Tests;

/// <summary>What a GPU computes with (libtorch's attention, sampling where the logits are) held against transformers and against our CPU kernels, on the CPU.</summary>
public sealed class LibraryPathTests
{
    private static readonly int[][] s_prompts = [[1, 2, 3], [4, 5, 6, 7, 8], [1, 2, 3], [9]];

    [Theory]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("qwen2_bf16_shards")]
    [InlineData("qwen2_5_vl")]
    public void TheReferenceValuesComeOutOfLibtorchsAttentionToo(string model)
    {
        var report = ModelVerifier.Verify(Golden.Path(model), Golden.Path(model, "cases.safetensors"), torch.CPU, byLibrary: true);
        Assert.NotEmpty(report.Compared);
        Assert.DoesNotContain(report.Compared, entry => !entry.Within());
    }

    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(1.0, 0)]
    [InlineData(0.7, 5)]
    public void RowsGenerateTheSameTokensAndProbabilitiesAsByOurKernels(double temperature, int topK)
    {
        using var model = Small.Model();
        var request = new GenerationRequest { Prompts = s_prompts, MaxNewTokens = 24, Temperature = temperature, TopK = topK, Seed = 5, StopTokens = [7] };
        var expected = new TextGenerator(model).Generate(request, TestContext.Current.CancellationToken).Rows;
        model.ByLibrary = true;
        var found = new TextGenerator(model).Generate(request, TestContext.Current.CancellationToken).Rows;
        for (var row = 0; row < expected.Count; row++)
        {
            Assert.Equal(expected[row].Tokens, found[row].Tokens);
            Assert.Equal(expected[row].Finished, found[row].Finished);
            for (var t = 0; t < expected[row].LogProbs.Length; t++)
            {
                Assert.Equal(expected[row].LogProbs[t], found[row].LogProbs[t], 1e-4f);
            }
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void PaddingChangesNothingThatARealTokenSees(ScalarType type)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        using var model = CausalLM.Create(Small.Config, 3, type);
        model.ByLibrary = true;
        var alone = model.forward(torch.tensor<long>([4, 5, 6, 7], 1, 4));
        var padded = model.forward(torch.tensor<long>([1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 4, 5, 6, 7], 2, 7), torch.tensor<long>([1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1], 2, 7));
        Assert.True(padded.isfinite().all().item<bool>());
        var difference = (alone[0] - padded[1].narrow(0, 3, 4)).abs().max().item<float>();
        Assert.InRange(difference, 0, type == ScalarType.Float32 ? 1e-5f : 0.1f);
    }

    [Fact]
    public void GradientsAreThoseOfOurKernels()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Small.Model();
        var ids = torch.tensor<long>([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2, 5);
        var weights = torch.randn([2, 5, Small.Config.VocabSize], new Generator(1));
        (model.forward(ids) * weights).sum().backward();
        var expected = model.Parameters.Select(parameter => parameter.Value.grad!.clone()).ToList();
        foreach (var parameter in model.Parameters)
        {
            parameter.Value.grad = null;
        }

        model.ByLibrary = true;
        (model.forward(ids) * weights).sum().backward();
        foreach (var (parameter, gradient) in model.Parameters.Zip(expected))
        {
            var difference = (parameter.Value.grad! - gradient).abs().max().item<float>() / gradient.abs().max().item<float>();
            Assert.True(difference < 1e-4f, $"{parameter.Name} differs by {difference}");
        }
    }
}

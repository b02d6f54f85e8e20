using Cpt.Torch;

namespace Cpt.Models.Tests;

/// <summary>Where the decoding kernel does not apply (bfloat16, narrow heads) the same comes out of libtorch's own operators.</summary>
public sealed class PlainPathTests
{
    private static readonly int[][] s_prompts = [[1, 2, 3], [4, 5, 6, 7, 8], [1, 2, 3], [9]];

    [Fact]
    public void HeadsThatAreNoMultipleOfEightGenerateWhatTheForwardPassSays()
    {
        using var model = CausalLM.Create(Small.Config with { HeadDim = 6 }, 4);
        Check(model, exact: true);
    }

    [Fact]
    public void BFloat16Generates()
    {
        using var model = CausalLM.Create(Small.Config, 4, ScalarType.BFloat16);
        Check(model, exact: false);
    }

    [Fact]
    public void TheLogitsOfBFloat16AreNearThoseOfFloat32()
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        using var wide = CausalLM.Load(Golden.Path("qwen2_bf16_shards"), ScalarType.Float32);
        using var narrow = CausalLM.Load(Golden.Path("qwen2_bf16_shards"));
        var ids = torch.tensor<long>([1, 2, 3, 4, 5, 6], 1, 6);
        var difference = (wide.forward(ids) - narrow.forward(ids).to(ScalarType.Float32)).abs().max().item<float>();
        Assert.InRange(difference, 1e-6f, 0.1f);
    }

    private static void Check(CausalLM model, bool exact)
    {
        var rows = new TextGenerator(model).Generate(
            new GenerationRequest { Prompts = s_prompts, MaxNewTokens = 8, Temperature = 0 }, TestContext.Current.CancellationToken).Rows;
        Assert.Equal(rows[0].Tokens, rows[2].Tokens);
        using var none = torch.no_grad();
        for (var row = 0; row < rows.Count; row++)
        {
            using var scope = torch.NewDisposeScope();
            long[] all = [.. s_prompts[row].Select(id => (long)id), .. rows[row].Tokens.Select(id => (long)id)];
            var logits = model.forward(torch.tensor<long>(all, 1, all.Length)).to(ScalarType.Float32)[0];
            for (var t = 0; t < rows[row].Tokens.Length; t++)
            {
                var at = logits[s_prompts[row].Length + t - 1];

                // Rounding to 8 bits may turn two nearly equal logits around.
                Assert.InRange(at.max().item<float>() - at[rows[row].Tokens[t]].item<float>(), 0, exact ? 1e-4f : 0.2f);
            }
        }
    }
}

using Cpt.Torch;

namespace Cpt.Models.Tests.Lora;

/// <summary>What an adapter computes, held against the same mathematics done by hand on the weights.</summary>
public sealed class LoraTests
{
    private static readonly long[] s_ids = [5, 9, 2, 31, 7, 44, 3, 12, 60, 1];

    public static TheoryData<string, string[], bool> Cases() => new()
    {
        { "text", [LoraOptions.AllLinear], false },
        { "text", ["q_proj", "v_proj"], false },
        { "text", ["k_proj", "down_proj", "up_proj"], false },
        { "text", ["model.layers.1.self_attn.o_proj"], false },
        { "vision", [LoraOptions.AllLinear], true },
        { "vision", [LoraOptions.AllLinear], false },
        { "vision", ["qkv", "mlp.0", "gate_proj"], true },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void AnAdapterBesideTheWeightsGivesTheLogitsOfTheMergedModel(string kind, string[] targets, bool tower)
    {
        using var scope = torch.NewDisposeScope();
        using var model = Model(kind);
        using var merged = Model(kind);
        var before = Logits(model, kind).data<float>();
        model.Attach(Filled(model, Options(targets, tower)));
        var beside = Logits(model, kind);
        MergeByHand(merged, model.Adapter!);
        var expected = Logits(merged, kind);

        Assert.True(LargestDifference(beside, expected) < 2e-5, $"differ by {LargestDifference(beside, expected)}");
        Assert.True(LargestDifference(beside, torch.tensor<float>(before, beside.shape)) > 1e-3, "the adapter changed nothing");
        using (model.WithoutAdapter())
        {
            Assert.Equal(before, Logits(model, kind).data<float>());
        }

        model.MergeAdapter();
        Assert.Null(model.Adapter);
        Assert.True(LargestDifference(Logits(model, kind), expected) < 1e-5);
    }

    /// <summary>With W' = W + s·B·A: dA = s·Bᵀ·dW' and dB = s·dW'·Aᵀ.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void GradientsAreTheProjectionsOfTheFullGradient(string kind, string[] targets, bool tower)
    {
        using var scope = torch.NewDisposeScope();
        using var model = Model(kind);
        using var merged = Model(kind);
        model.Attach(Filled(model, Options(targets, tower)));
        MergeByHand(merged, model.Adapter!);
        Loss(model, kind).backward();
        Loss(merged, kind).backward();

        var full = merged.NamedGradients().ToDictionary(gradient => gradient.Name, gradient => gradient.Value, StringComparer.Ordinal);
        var scaling = model.Adapter!.Options.Scaling;
        var values = model.Adapter.Layers().ToDictionary(layer => layer.Layer, StringComparer.Ordinal);
        var count = 0;
        foreach (var (layer, a, b) in model.Adapter.Gradients())
        {
            var whole = full[layer + ".weight"];
            Near(values[layer].B.t().matmul(whole) * scaling, a, layer + " A");
            Near(whole.matmul(values[layer].A.t()) * scaling, b, layer + " B");
            count++;
        }

        Assert.Equal(values.Count, count);
        Assert.All(model.Parameters, parameter => Assert.Null(parameter.Value.grad));
    }

    [Fact]
    public void ANewAdapterChangesNothingAndItsValuesAreThoseOfItsSeed()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Small.Model();
        var before = Logits(model, "text").data<float>();
        model.Attach(LoraAdapter.Create(model, Options([LoraOptions.AllLinear], false), seed: 7));
        Assert.Equal(before, Logits(model, "text").data<float>());

        using var second = Small.Model();
        var (same, other) = (LoraAdapter.Create(second, Options([LoraOptions.AllLinear], false), seed: 7), LoraAdapter.Create(second, Options([LoraOptions.AllLinear], false), seed: 8));
        foreach (var ((layer, a, b), (_, a2, _), (_, a3, _)) in model.Adapter!.Layers().Zip(same.Layers(), other.Layers()))
        {
            Assert.Equal(a.data<float>(), a2.data<float>());
            Assert.NotEqual(a.data<float>(), a3.data<float>());
            Assert.All(b.data<float>(), value => Assert.Equal(0, value));
            var bound = 1 / Math.Sqrt(a.size(1));
            Assert.All(a.data<float>(), value => Assert.InRange(value, -bound, bound));
            Assert.True(a.data<float>().Max() > 0.8 * bound, layer);
        }

        same.Dispose();
        other.Dispose();
    }

    /// <summary>A layer's start hangs on its name, not on which others are adapted with it.</summary>
    [Fact]
    public void ALayerStartsTheSameWhateverElseIsAdapted()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Small.Model();
        using var all = LoraAdapter.Create(model, Options([LoraOptions.AllLinear], false), seed: 7);
        using var some = LoraAdapter.Create(model, Options(["v_proj"], false), seed: 7);
        var (layer, a, _) = some.Layers().First();
        Assert.Equal(all.Layers().Single(other => other.Layer == layer).A.data<float>(), a.data<float>());
    }

    [Theory]
    [InlineData("text")]
    [InlineData("vision")]
    public void GenerationSeesTheAdapter(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using var model = Model(kind);
        using var merged = Model(kind);
        model.Attach(Filled(model, Options([LoraOptions.AllLinear], kind == "vision")));
        MergeByHand(merged, model.Adapter!);
        var expected = Greedy(merged, kind);
        Assert.Equal(expected, Greedy(model, kind));
        model.ByLibrary = true;
        Assert.Equal(expected, Greedy(model, kind));
        using (model.WithoutAdapter())
        {
            Assert.NotEqual(expected, Greedy(model, kind));
        }
    }

    [Fact]
    public void DropoutIsDrawnAnewForEveryPassAndTheSameForEqualSteps()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Small.Model();
        model.Attach(Filled(model, Options([LoraOptions.AllLinear], false) with { Dropout = 0.5 }));
        float[] Pass() => Logits(model, "text").detach().data<float>();
        model.Adapter!.BeginStep(3);
        var (first, second) = (Pass(), Pass());
        Assert.NotEqual(first, second);
        model.Adapter.BeginStep(3);
        Assert.Equal(first, Pass());
        Assert.Equal(second, Pass());
        model.Adapter.BeginStep(4);
        Assert.NotEqual(first, Pass());
        using var none = torch.no_grad();
        Assert.Equal(Pass(), Pass());
    }

    [Fact]
    public void DropoutKeepsTheMean()
    {
        using var scope = torch.NewDisposeScope();
        var dropped = new Dropout(0.25, Seed: 5).Of(torch.ones([400, 500]), matrix: 2).data<float>();
        Assert.Equal([0f, 4f / 3], dropped.Distinct().Order());
        Assert.InRange(dropped.Average(), 0.99, 1.01);
    }

    [Fact]
    public void RankStabilizedScalesByTheRootOfTheRank()
    {
        Assert.Equal(2, Options([LoraOptions.AllLinear], false).Scaling);
        Assert.Equal(8 / Math.Sqrt(4), (Options([LoraOptions.AllLinear], false) with { RankStabilized = true }).Scaling);
    }

    [Theory]
    [InlineData("x_proj", "target 'x_proj' is no linear layer of this qwen2_5_vl; use AllLinear or some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj")]
    [InlineData("attn.qkv", "target 'attn.qkv' stands only in the image tower, and visionTower is false; set visionTower to true, or name another target")]
    [InlineData("lm_head", "target 'lm_head' is no linear layer")]
    [InlineData("embed_tokens", "target 'embed_tokens' is no linear layer")]
    [InlineData("patch_embed.proj", "target 'patch_embed.proj' is no linear layer")]
    public void ATargetThatMeansNothingIsNamed(string target, string message)
    {
        using var model = Small.VisionModel();
        var error = Assert.Throws<AdaptationException>(() => LoraAdapter.Create(model, Options([target], false), seed: 1));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    internal static LoraOptions Options(IReadOnlyList<string> targets, bool tower) => new() { Rank = 4, Alpha = 8, Targets = targets, VisionTower = tower };

    /// <summary>A and B of noise.</summary>
    internal static LoraAdapter Filled(CausalLM model, LoraOptions options)
    {
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var adapter = LoraAdapter.Create(model, options, seed: 11);
        var noise = new Generator(13);
        foreach (var parameter in adapter.Parameters.Where(parameter => parameter.Name.EndsWith("lora_B.weight", StringComparison.Ordinal)))
        {
            parameter.Value.copy_(torch.randn(parameter.Value.shape, noise) * 0.1);
        }

        noise.Dispose();
        return adapter;
    }

    internal static void MergeByHand(CausalLM model, LoraAdapter adapter)
    {
        using var none = torch.no_grad();
        var weights = model.NamedTensors().ToDictionary(tensor => tensor.Name, tensor => tensor.Value, StringComparer.Ordinal);
        foreach (var (layer, a, b) in adapter.Layers())
        {
            weights[layer + ".weight"].add_(b.matmul(a) * adapter.Options.Scaling);
        }
    }

    private static CausalLM Model(string kind) => kind == "text" ? Small.Model() : Small.VisionModel();

    private static ImageInput? Images(CausalLM model, string kind) => kind == "text" ? null : ImageInput.Of([Picture()], null, model.Config, torch.CPU);

    private static PromptImage[] Picture() => [new PromptImage(2, Small.Noise(4, 4, seed: 3))];

    private static long[] Ids(string kind) => kind == "text" ? s_ids : [5, 57, 60, 60, 60, 60, 58, 12, 9, 1];

    private static Tensor Logits(CausalLM model, string kind) => model.forward(torch.tensor<long>(Ids(kind), 1, Ids(kind).Length), null, Images(model, kind));

    private static Tensor Loss(CausalLM model, string kind)
    {
        var logits = Logits(model, kind).view(-1, model.Config.VocabSize);
        return torch.nn.functional.cross_entropy(logits, torch.tensor<long>([.. Ids(kind).Skip(1).Select(id => id % 50), 4L]));
    }

    private static int[] Greedy(CausalLM model, string kind)
    {
        var prompt = Ids(kind).Take(8).Select(id => (int)id).ToArray();
        var result = new TextGenerator(model).Generate(new GenerationRequest
        {
            Prompts = [prompt, prompt], Images = kind == "text" ? null : [Picture(), Picture()], MaxNewTokens = 12, Temperature = 0, Seed = 1,
        });
        Assert.Equal(result.Rows[0].Tokens, result.Rows[1].Tokens);
        return [.. result.Rows[0].Tokens];
    }

    private static double LargestDifference(Tensor one, Tensor other) => (one - other).abs().max().item<double>();

    private static void Near(Tensor expected, Tensor found, string what)
    {
        var difference = LargestDifference(expected, found) / Math.Max(1e-3, expected.abs().max().item<double>());
        Assert.True(difference < 1e-4, $"{what}: relative difference {difference}");
    }
}

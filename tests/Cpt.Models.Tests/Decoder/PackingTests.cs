using Cpt.Torch;

namespace Cpt.Models.Tests;

/// <summary>Sequences that share a row compute what each computes alone.</summary>
public sealed class PackingTests
{
    public static TheoryData<string> Kinds() => ["qwen2", "q/k norms", "vision", "by the library"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EachSequenceSeesItselfAlone(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using var model = Model(kind);
        var sequences = Sequences(kind);
        var packed = Packed(model, sequences);
        var alone = torch.cat(sequences.ConvertAll(sequence => Alone(model, sequence).view(-1, model.Config.HiddenSize)).ToArray());
        Assert.True((packed - alone).abs().max().item<double>() < 1e-5);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TheGradientsAreTheSumOfThoseOfEachAlone(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using var model = Model(kind);
        var sequences = Sequences(kind);
        var found = Gradients(model, () => Packed(model, sequences).square().sum().backward());
        var expected = Gradients(model, () => sequences.ForEach(sequence => Alone(model, sequence).square().sum().backward()));
        foreach (var (name, gradient) in expected)
        {
            Assert.True((gradient - found[name]).abs().max().item<double>() < 1e-4 * (1 + gradient.abs().max().item<double>()), name);
        }
    }

    [Fact]
    public void AnotherTokenElsewhereInTheRowChangesNoBit()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Small.Model();
        Tensor Second(long first) => model.hidden_packed(torch.tensor<long>([first, 2, 3, 7, 8], 1, 5), [3, 2]).narrow(0, 3, 2);
        Assert.Equal(Second(1).data<float>(), Second(44).data<float>());
    }

    [Fact]
    public void LengthsThatAreNotThoseOfTheRowAreRefused()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Small.Model();
        var error = Assert.Throws<ArgumentException>(() => model.hidden_packed(torch.tensor<long>([1L, 2, 3], 1, 3), [2, 2]));
        Assert.Contains("expected [1, 4], the 2 sequences one after the other", error.Message, StringComparison.Ordinal);
    }

    private static CausalLM Model(string kind)
    {
        var model = kind switch
        {
            "vision" => Small.VisionModel(),
            "q/k norms" => CausalLM.Create(Small.Config with { QueryKeyNorm = true, ModelType = "qwen3", AttentionBias = false }, seed: 1),
            _ => Small.Model(),
        };
        model.ByLibrary = kind == "by the library";
        return model;
    }

    private static List<(long[] Ids, PromptImage[] Images)> Sequences(string kind)
    {
        long[] picture = [5, 57, 60, 60, 60, 60, 58, 12, 9, 1];
        List<(long[], PromptImage[])> plain = [([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], []), ([9, 8, 7, 6], []), ([3, 3, 1, 2], []), ([4], [])];
        return kind == "vision" ? [(picture, [new PromptImage(2, Small.Noise(4, 4, seed: 3))]), .. plain[..1], (picture, [new PromptImage(2, Small.Noise(4, 4, seed: 4))]), .. plain[1..]] : plain;
    }

    private static Tensor Packed(CausalLM model, List<(long[] Ids, PromptImage[] Images)> sequences)
    {
        var ids = sequences.SelectMany(sequence => sequence.Ids).ToArray();
        return model.hidden_packed(
            torch.tensor<long>(ids, 1, ids.Length), sequences.ConvertAll(sequence => sequence.Ids.Length), ImageInput.Of(sequences.ConvertAll(sequence => sequence.Images), null, model.Config, torch.CPU));
    }

    private static Tensor Alone(CausalLM model, (long[] Ids, PromptImage[] Images) sequence) =>
        model.hidden(torch.tensor<long>(sequence.Ids, 1, sequence.Ids.Length), null, ImageInput.Of([sequence.Images], null, model.Config, torch.CPU));

    private static Dictionary<string, Tensor> Gradients(CausalLM model, Action backward)
    {
        foreach (var parameter in model.Parameters)
        {
            parameter.Value.grad = null;
        }

        backward();
        return model.Parameters.Where(parameter => parameter.Value.grad is not null).ToDictionary(parameter => parameter.Name, parameter => parameter.Value.grad!, StringComparer.Ordinal);
    }
}

using Cpt.Torch;

namespace Cpt.Models.Tests;

public sealed class FreezingTests
{
    [Fact]
    public void FrozenWeightsGetNoGradientAndAreNotTrained()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Small.VisionModel();
        model.Freeze(["visual.*", "model.embed_tokens.weight"]);
        Assert.DoesNotContain(model.TrainedParameters, parameter => parameter.Name.StartsWith("visual.", StringComparison.Ordinal) || parameter.Name == "model.embed_tokens.weight");
        Assert.Equal(model.Parameters.Count, model.TrainedParameters.Count + model.Parameters.Count(parameter => !parameter.Value.requires_grad));
        var images = ImageInput.Of([[new PromptImage(2, Small.Noise(4, 4, seed: 3))]], null, model.Config, torch.CPU);
        model.forward(torch.tensor<long>([5L, 57, 60, 60, 60, 60, 58, 12, 9, 1], 1, 10), null, images).sum().backward();
        Assert.All(model.Parameters, parameter => Assert.Equal(parameter.Value.requires_grad, parameter.Value.grad is not null));
    }

    /// <summary>As the checkpoint spells them, too.</summary>
    [Theory]
    [InlineData("model.layers.0.*")]
    [InlineData("*.layers.0.*")]
    public void PatternsAreNamesWithStars(string pattern)
    {
        using var model = Small.Model();
        model.Freeze([pattern]);
        Assert.All(model.TrainedParameters, parameter => Assert.DoesNotContain("layers.0.", parameter.Name, StringComparison.Ordinal));
        Assert.Contains(model.TrainedParameters, parameter => parameter.Name.Contains("layers.1.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("visual.*", "'visual.*' matches no weight of this qwen2; its weights are named like model.embed_tokens.weight, model.layers.0.self_attn.q_proj.weight, model.norm.weight")]
    [InlineData("*.k_proj.weight", "model.layers.0.self_attn.k_proj.weight is frozen and model.layers.0.self_attn.q_proj.weight is not, but they are one matrix in memory")]
    [InlineData("*", "* freeze every weight, so nothing is left to train")]
    public void APatternThatCannotBeFollowedIsNamed(string pattern, string message)
    {
        using var model = Small.Model();
        var error = Assert.Throws<AdaptationException>(() => model.Freeze([pattern]));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}

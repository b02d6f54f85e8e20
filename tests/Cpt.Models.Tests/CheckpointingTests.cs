using Cpt.Torch;

namespace Cpt.Models.Tests;

/// <summary>Gradient checkpointing computes the same bits; what it keeps and lets go of, <see cref="TensorLifetimeTests"/> and the memory tests of training hold.</summary>
public sealed class CheckpointingTests
{
    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var kind in new[] { "text", "padded", "vision", "by the library" })
        {
            foreach (var trained in new[] { "all", "LoRA", "LoRA with dropout", "LoRA of the tower", "half frozen" })
            {
                if (kind == "vision" || trained != "LoRA of the tower") data.Add(kind, trained);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LossAndGradientsHaveTheSameBits(string kind, string trained)
    {
        Assert.Equal(Gradients(kind, trained, checkpointing: false), Gradients(kind, trained, checkpointing: true));
    }

    [Fact]
    public void AutocastRoundsTheSameInTheSecondComputation()
    {
        Assert.Equal(Gradients("text", "all", checkpointing: false, autocast: true), Gradients("text", "all", checkpointing: true, autocast: true));
    }

    [Fact]
    public void WhatAPieceThrowsComesOutOfBothPasses()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.ones([2]).requires_grad_();
        Assert.Throws<InvalidTimeZoneException>(() => torch.checkpoint.run(x, x, _ => throw new InvalidTimeZoneException()));
        var calls = 0;
        var y = torch.checkpoint.run(x, x, input => calls++ == 0 ? input * 2 : throw new InvalidTimeZoneException());
        Assert.Throws<InvalidTimeZoneException>(() => y.sum().backward());
    }

    private static Dictionary<string, float[]> Gradients(string kind, string trained, bool checkpointing, bool autocast = false)
    {
        using var scope = torch.NewDisposeScope();
        using var model = kind == "vision" ? Small.VisionModel() : Small.Model();
        model.ByLibrary = kind == "by the library";
        model.GradientCheckpointing = checkpointing;
        if (trained.StartsWith("LoRA", StringComparison.Ordinal))
        {
            var options = Lora.LoraTests.Options([LoraOptions.AllLinear], tower: trained.EndsWith("tower", StringComparison.Ordinal));
            model.Attach(Lora.LoraTests.Filled(model, trained.EndsWith("dropout", StringComparison.Ordinal) ? options with { Dropout = 0.3 } : options));
            model.Adapter!.BeginStep(5);
        }
        else if (trained == "half frozen")
        {
            model.Freeze(["model.embed_tokens.weight", "model.layers.0.*"]);
        }

        long[] ids = kind == "vision" ? [5, 57, 60, 60, 60, 60, 58, 12, 9, 1] : [5, 9, 2, 31, 7, 44, 3, 12, 60, 1];
        var images = kind == "vision" ? ImageInput.Of([[new PromptImage(2, Small.Noise(4, 4, seed: 3))]], null, model.Config, torch.CPU) : null;
        var mask = kind == "padded" ? torch.tensor<long>([0L, 0, 1, 1, 1, 1, 1, 1, 1, 1], 1, 10) : null;
        Tensor loss;
        using (autocast ? torch.autocast() : null)
        {
            loss = torch.nn.functional.cross_entropy(model.forward(torch.tensor<long>(ids, 1, 10), mask, images).to(ScalarType.Float32).view(10, -1), torch.arange(10));
        }

        loss.backward();
        var found = model.TrainedParameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value.grad!.data<float>(), StringComparer.Ordinal);
        found["loss"] = loss.data<float>();
        Assert.All(model.Parameters.Where(parameter => !parameter.Value.requires_grad), parameter => Assert.Null(parameter.Value.grad));
        return found;
    }
}

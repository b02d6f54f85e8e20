using Cpt.Torch;

namespace Cpt.Models.Tests;

/// <summary>Counts the process's tensors, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(TensorLifetimes), DisableParallelization = true)]
public sealed class TensorLifetimes;

[Collection(nameof(TensorLifetimes))]
public sealed class TensorLifetimeTests
{
    [Fact]
    public void GeneratingLeavesNoTensorBehind()
    {
        using var model = Small.Model();
        var generator = new TextGenerator(model);
        var request = new GenerationRequest { Prompts = [[1, 2, 3], [4], [1, 2, 3], [5, 6]], MaxNewTokens = 12, Seed = 3, StopTokens = [1, 2, 3, 4, 5], Threads = 2 };
        var cancellationToken = TestContext.Current.CancellationToken;
        generator.Generate(request, cancellationToken);
        var before = Tensor.LiveCount;
        generator.Generate(request, cancellationToken);
        Assert.Equal(before, Tensor.LiveCount);
    }

    [Fact]
    public void AForwardPassAndItsGradientsLeaveNothingButTheGradients()
    {
        using var model = Small.Model();
        void Step()
        {
            using var scope = torch.NewDisposeScope();
            var ids = torch.tensor<long>([1, 2, 3, 4, 5, 6], 2, 3);
            model.forward(ids, torch.tensor<long>([0, 1, 1, 1, 1, 1], 2, 3)).sum().backward();
        }

        Step();
        var before = Tensor.LiveCount;
        Step();
        Assert.Equal(before, Tensor.LiveCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ACheckpointedPassLeavesNothingBehindWhetherOrNotItIsGoneBack(bool backward)
    {
        using var model = Small.Model();
        model.GradientCheckpointing = true;
        void Step()
        {
            using var scope = torch.NewDisposeScope();
            var result = model.forward(torch.tensor<long>([1, 2, 3], 1, 3)).sum();
            if (backward)
            {
                result.backward();
            }
        }

        Step();
        // What other tests left to the finalizer must not be counted as let go of here.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Tensor.LiveCount;
        Step();
        Assert.Equal(before, Tensor.LiveCount);
    }
}

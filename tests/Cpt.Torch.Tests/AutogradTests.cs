namespace Cpt.Torch.Tests;

/// <summary>Gradients and the modes around them.</summary>
public sealed class AutogradTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void GradientsEqualFiniteDifferences()
    {
        var x = torch.tensor([1.0, 2, 3, 4, 5, 6], 2, 3);
        var target = torch.tensor([1L, 0]);
        double[] values = [.1, -.2, .3, .4, .5, -.6];
        double Loss(double[] weights) => torch.nn.functional.cross_entropy(x.mm(torch.tensor(weights, 3, 2)).silu(), target).item<double>();

        var weight = torch.tensor(values, 3, 2).requires_grad_();
        torch.nn.functional.cross_entropy(x.mm(weight).silu(), target).backward();
        var gradient = weight.grad!.data<double>();
        for (var i = 0; i < values.Length; i++)
        {
            double Shifted(double by) => Loss([.. values.Select((value, at) => at == i ? value + by : value)]);
            Assert.Equal((Shifted(1e-5) - Shifted(-1e-5)) / 2e-5, gradient[i], 1e-8);
        }
    }

    [Fact]
    public void GradientsAddUpUntilTheyAreTakenAway()
    {
        var x = torch.tensor([3f]).requires_grad_();
        Assert.Null(x.grad);
        (x * x).backward();
        (x * x).backward();
        Assert.Equal([12f], x.grad!.data<float>());
        x.grad = torch.tensor([1f]);
        Assert.Equal([1f], x.grad!.data<float>());
        x.grad = null;
        Assert.Null(x.grad);
    }

    [Fact]
    public void NothingIsRecordedInsideNoGrad()
    {
        var x = torch.ones([2]).requires_grad_();
        using (torch.no_grad())
        {
            Assert.False((x * 2).requires_grad);
            using (torch.enable_grad()) Assert.True((x * 2).requires_grad);
            Assert.False(torch.is_grad_enabled());
            x.add_(1);
        }

        Assert.True((x * 2).requires_grad);
        Assert.False(x.detach().requires_grad);
        Assert.True(x.is_leaf);
        Assert.False((x * 2).is_leaf);
    }

    [Fact]
    public void WhatWasMadeInInferenceModeStaysOutOfGraphs()
    {
        var x = torch.ones([2]).requires_grad_();
        Tensor made;
        using (torch.inference_mode()) made = x * 2;
        Assert.False(made.requires_grad);
        Assert.Throws<TorchException>(() => (x * made).sum().backward());
        Assert.True((x * 2).requires_grad);
    }

    [Fact]
    public void GradientsCanBeAskedForWithoutBeingStored()
    {
        var (x, y) = (torch.tensor([2f]).requires_grad_(), torch.tensor([5f]).requires_grad_());
        var gradients = torch.autograd.grad([x * x * x], [x, y], create_graph: true);
        Assert.Equal([12f], gradients[0]!.data<float>());
        Assert.Null(gradients[1]);
        Assert.Null(x.grad);
        Assert.Equal([12f], torch.autograd.grad([gradients[0]!], [x])[0]!.data<float>());
    }

    [Fact]
    public void AGraphIsKeptWhereItIsAskedFor()
    {
        var x = torch.tensor([2f]).requires_grad_();
        var y = x.square();
        y.backward(retain_graph: true);
        y.backward();
        Assert.Equal([8f], x.grad!.data<float>());
        Assert.Throws<TorchException>(() => y.backward());
    }

    [Fact]
    public void AChangeInPlaceAfterRecordingIsCaught()
    {
        var x = torch.tensor([2f]).requires_grad_();
        var y = x.exp();
        var z = y.square();
        using (torch.no_grad()) y.add_(1);
        var error = Assert.Throws<TorchException>(() => z.backward());
        Assert.Contains("modified by an inplace operation", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AutocastRunsProductsInBFloat16AndKeepsGradientsInFloat32()
    {
        var x = torch.tensor([1f, 2, 3, 4], 2, 2);
        var weight = torch.tensor([1f, 0.5f, -1, 2], 2, 2).requires_grad_();
        using (torch.autocast())
        {
            var y = torch.nn.functional.linear(x, weight);
            Assert.Equal(ScalarType.BFloat16, y.dtype);
            y.to(ScalarType.Float32).sum().backward();
            using (torch.autocast(enabled: false)) Assert.Equal(ScalarType.Float32, x.mm(weight).dtype);
            Assert.Equal(ScalarType.BFloat16, x.mm(weight).dtype);
        }

        Assert.Equal(ScalarType.Float32, x.mm(weight).dtype);
        Assert.Equal(ScalarType.Float32, weight.grad!.dtype);
        Assert.Equal([4f, 6, 4, 6], weight.grad!.data<float>());
    }
}

using F = Cpt.Torch.torch.nn.functional;

namespace Cpt.Torch.Tests;

/// <summary>Products with packed weights against plain ones, and what they promise beyond.</summary>
public sealed class PackedLinearTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly GradMode _unrecorded = torch.no_grad();
    private readonly Generator _generator = new(9);

    public void Dispose()
    {
        _generator.Dispose();
        _unrecorded.Dispose();
        _scope.Dispose();
    }

    // Rows around the tiles of six and the blocks of 96; columns that do and do not fill panels of eight and pairs of them.
    [Theory]
    [InlineData(1, 16, 8)]
    [InlineData(2, 1, 1)]
    [InlineData(5, 33, 13)]
    [InlineData(7, 64, 24)]
    [InlineData(100, 128, 257)]
    [InlineData(193, 40, 64)]
    public void ItEqualsThePlainProduct(int rows, int depth, int columns)
    {
        var (x, weight, bias, add) = (Random(rows, depth), Random(columns, depth), Random(columns), Random(rows, columns));
        var panels = F.pack_linear(weight);
        Kernels.AssertClose(F.linear(x, weight), F.packed_linear(x, panels, columns), 2e-5f, "the product");
        Kernels.AssertClose(F.linear(x, weight, bias), F.packed_linear(x, panels, columns, bias), 2e-5f, "with a bias");
        Kernels.AssertClose(F.linear(x, weight, bias) + add, F.packed_linear(x, panels, columns, bias, add), 2e-5f, "with both");
        Assert.Equal([1L, rows, columns], F.packed_linear(x.unsqueeze(0), panels, columns).shape);
    }

    [Fact]
    public void ARowDoesNotDependOnTheRowsBesideIt()
    {
        var (x, panels) = (Random(97, 72), F.pack_linear(Random(50, 72)));
        var together = F.packed_linear(x, panels, 50);
        for (var row = 0; row < 97; row++) Assert.Equal(together[row].data<float>(), F.packed_linear(x.slice(0, row, row + 1), panels, 50)[0].data<float>());
        using var one = torch.thread_count(1);
        Assert.Equal(together.data<float>(), F.packed_linear(x, panels, 50).data<float>());
    }

    [Fact]
    public void ShapesThatDoNotFitAreRefused()
    {
        var panels = F.pack_linear(Random(16, 4));
        Assert.Contains("the panels are [2, 4, 8] for 16 columns", Assert.Throws<TorchException>(() => F.packed_linear(Random(1, 5), panels, 16)).Message, StringComparison.Ordinal);
        Assert.Contains("16 floats are needed", Assert.Throws<TorchException>(() => F.packed_linear(Random(1, 4), panels, 16, Random(15))).Message, StringComparison.Ordinal);
        using var recorded = torch.enable_grad();
        Assert.Contains("records no gradients", Assert.Throws<TorchException>(() => F.packed_linear(Random(1, 4).requires_grad_(), panels, 16)).Message, StringComparison.Ordinal);
    }

    private Tensor Random(params ReadOnlySpan<long> shape) => torch.randn(shape, _generator);
}

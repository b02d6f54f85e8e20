namespace Cpt.Torch.Tests;

/// <summary>Compares two ways to compute the same thing: the values, and the gradients of a random weighting of them.</summary>
internal static class Kernels
{
    public static void AssertSame(Tensor[] leaves, Func<Tensor[], Tensor> one, Func<Tensor[], Tensor> other, Generator generator, float tolerance = 2e-5f)
    {
        var (a, b) = (one(leaves), other(leaves));
        Assert.Equal(b.shape, a.shape);
        var weights = torch.randn(a.shape, generator);
        var slopes = Gradients(a, weights, leaves);
        var expected = Gradients(b, weights, leaves);
        AssertClose(b, a, tolerance, "the value");
        for (var i = 0; i < leaves.Length; i++) AssertClose(expected[i], slopes[i], tolerance, $"the gradient of argument {i}");

        // Without gradients another path of the kernel runs, to the same bits.
        using var unrecorded = torch.no_grad();
        Assert.Equal(a.data<float>(), one(leaves).data<float>());
    }

    public static void AssertClose(Tensor expected, Tensor actual, float tolerance, string what)
    {
        var difference = (expected - actual).abs();
        var allowed = (expected.abs() + 1) * tolerance;
        Assert.True(difference.le(allowed).all().item<bool>(), $"{what} differs by up to {difference.max().item<float>():E2}");
    }

    private static Tensor[] Gradients(Tensor value, Tensor weights, Tensor[] leaves)
    {
        foreach (var leaf in leaves) leaf.grad = null;
        (value * weights).sum().backward();
        return [.. leaves.Select(leaf => leaf.grad!.clone())];
    }
}

internal sealed class WithinTolerance(float tolerance) : IEqualityComparer<float>
{
    public bool Equals(float x, float y) => Math.Abs(x - y) <= tolerance * (1 + Math.Abs(x));

    public int GetHashCode(float value) => 0;
}

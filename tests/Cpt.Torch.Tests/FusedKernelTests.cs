using F = Cpt.Torch.torch.nn.functional;

namespace Cpt.Torch.Tests;

/// <summary>Each kernel of the shim against the same mathematics in single operators: values and gradients.</summary>
public sealed class FusedKernelTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Generator _generator = new(11);

    public void Dispose()
    {
        _generator.Dispose();
        _scope.Dispose();
    }

    // Widths that are and are not multiples of the eight lanes, and enough rows for several chunks and threads.
    [Theory]
    [InlineData(1, 8)]
    [InlineData(3, 13)]
    [InlineData(200, 128)]
    public void RmsNormEqualsItsSingleSteps(int rows, int width) => AssertSame(
        [Leaf(rows, width), Leaf(width)],
        x => F.rms_norm(x[0], x[1], 1e-6),
        x => x[1] * (x[0] * (x[0].square().mean(-1, keepdim: true) + 1e-6).rsqrt()));

    [Theory]
    [InlineData(1, 5)]
    [InlineData(7, 16)]
    [InlineData(300, 352)]
    public void SwigluEqualsItsSingleSteps(int rows, int width) => AssertSame(
        [Leaf(rows, width), Leaf(rows, width)],
        x => F.swiglu(x[0], x[1]),
        x => x[0].sigmoid() * x[0] * x[1]);

    [Theory]
    [InlineData(1, 5)]
    [InlineData(300, 352)]
    public void SwigluTakesBothFromOneProjection(int rows, int width) => AssertSame(
        [Leaf(rows, 2 * width)],
        x => F.swiglu(x[0]),
        x => x[0].slice(1, 0, width).silu() * x[0].slice(1, width, 2 * width));

    [Fact]
    public void SwigluOfExtremeGatesStaysANumber()
    {
        var gate = torch.tensor([-1000f, -100, 0, 100, 1000]);
        Assert.Equal([0f, 0, 0, 100, 1000], F.swiglu(gate, torch.ones([5])).data<float>(), Near(1e-6f));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RopeEqualsItsSingleSteps(bool positionsByRow)
    {
        var angles = torch.randn(positionsByRow ? [2, 5, 6] : [5, 6], _generator);
        var (cos, sin) = (angles.cos(), angles.sin());
        AssertSame([Leaf(2, 5, 3, 12)], x => F.rope(x[0], cos, sin), x =>
        {
            var (left, right) = (x[0].slice(3, 0, 6), x[0].slice(3, 6, 12));
            var (c, s) = (cos.unsqueeze(-2), sin.unsqueeze(-2));
            return torch.cat([(left * c) - (right * s), (right * c) + (left * s)], -1);
        });
    }

    [Theory]
    [InlineData(ScalarType.Float32, false, 1e-6f)]
    [InlineData(ScalarType.Float64, false, 1e-6f)]
    [InlineData(ScalarType.Float64, true, 1e-6f)]
    [InlineData(ScalarType.BFloat16, true, 0.02f)]
    public void RopeInFewerKernelsIsTheSameRotation(ScalarType type, bool positionsByRow, float tolerance)
    {
        var angles = torch.randn(positionsByRow ? [2, 5, 6] : [5, 6], _generator);
        var heads = torch.randn([2, 5, 60], _generator).view(2, 5, 5, 12).slice(2, 1, 4);
        var expected = F.rope(heads, angles.cos(), angles.sin());
        var found = F.rope_unrecorded(heads.to(type), angles.cos(), angles.sin());
        Assert.Equal((type, true), (found.dtype, found.is_contiguous()));
        Kernels.AssertClose(expected, found.to(ScalarType.Float32), tolerance, "the rotated heads");
    }

    [Fact]
    public void RopeWithoutARecordRefusesWhatWantsGradients()
    {
        var angles = torch.randn([5, 6], _generator);
        var error = Assert.Throws<TorchException>(() => F.rope_unrecorded(torch.ones([2, 5, 3, 12]).requires_grad_(), angles.cos(), angles.sin()));
        Assert.Contains("cpt::rope_unrecorded has no backward pass; cpt::rope has one", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RopeReadsHeadsInsideALargerProjection()
    {
        var angles = torch.randn([5, 4], _generator);
        AssertSame(
            [Leaf(2, 5, 4 * 8)],
            x => F.rope(x[0].view(2, 5, 4, 8).slice(2, 1, 3), angles.cos(), angles.sin()),
            x => F.rope(x[0].view(2, 5, 4, 8).slice(2, 1, 3).to(ScalarType.Float64), angles.cos(), angles.sin()).to(ScalarType.Float32));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(40, 257)]
    [InlineData(64, 512)]
    public void TokenLogProbsEqualTheCrossEntropy(int rows, int vocabulary)
    {
        var targets = torch.randint(0, vocabulary, [rows], _generator);
        AssertSame([Leaf(rows, vocabulary)], x => F.token_log_probs(x[0], targets), x => -F.cross_entropy(x[0], targets, Reduction.None));
    }

    [Fact]
    public void IgnoredTargetsCountNothing()
    {
        var logits = Leaf(3, 4);
        var logProbs = F.token_log_probs(logits, torch.tensor([2L, -100, 1]));
        Assert.Equal(0f, logProbs.data<float>()[1]);
        logProbs.sum().backward();
        Assert.Equal([0f, 0, 0, 0], logits.grad![1].data<float>());
        Assert.NotEqual([0f, 0, 0, 0], logits.grad![0].data<float>());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void ALogitThatIsNoNumberShowsInTheResult(float bad)
    {
        var logits = torch.zeros([1, 9]);
        logits.slice(1, 4, 5).fill_(bad);
        Assert.True(float.IsNaN(F.token_log_probs(logits, torch.tensor([2L])).item<float>()));
        Assert.True(float.IsNaN(F.rms_norm(logits, torch.ones([9]), 1e-6).sum().item<float>()));
    }

    [Fact]
    public void ATargetOutsideTheVocabularyIsRefused()
    {
        var error = Assert.Throws<TorchException>(() => F.token_log_probs(torch.zeros([2, 5]), torch.tensor([0L, 5])));
        Assert.Contains("target 5 is outside a vocabulary of 5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASecondDerivativeIsRefusedRatherThanLeftOut()
    {
        var x = Leaf(2, 8);
        var y = F.swiglu(x, x).sum();
        var error = Assert.Throws<TorchException>(() => torch.autograd.grad([y], [x], create_graph: true));
        Assert.Contains("cpt::swiglu has no second derivative", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherElementTypesTakeTheSingleSteps()
    {
        var (x, weight) = (Leaf(3, 16), Leaf(16));
        var narrow = F.rms_norm(x.to(ScalarType.BFloat16), weight.to(ScalarType.BFloat16), 1e-6);
        Assert.Equal(ScalarType.BFloat16, narrow.dtype);
        Assert.Equal(F.rms_norm(x, weight, 1e-6).data<float>(), narrow.to(ScalarType.Float32).data<float>(), Near(0.05f));
        Assert.Equal(ScalarType.BFloat16, F.swiglu(x.bfloat16(), x.bfloat16()).dtype);
    }

    private Tensor Leaf(params ReadOnlySpan<long> shape) => torch.randn(shape, _generator).requires_grad_();

    private void AssertSame(Tensor[] leaves, Func<Tensor[], Tensor> fused, Func<Tensor[], Tensor> single) => Kernels.AssertSame(leaves, fused, single, _generator);

    private static IEqualityComparer<float> Near(float tolerance) => new WithinTolerance(tolerance);
}

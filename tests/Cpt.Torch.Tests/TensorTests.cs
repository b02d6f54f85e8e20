namespace Cpt.Torch.Tests;

/// <summary>Operators against values worked out by hand.</summary>
public sealed class TensorTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Tensor _a = torch.tensor([1f, 2, 3, 4, 5, 6], 2, 3);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void AProductOfMatricesIsRowsTimesColumns()
    {
        var b = torch.tensor([1f, 0, 0, 1, 1, 1], 3, 2);
        Assert.Equal([4f, 5, 10, 11], _a.mm(b).data<float>());
        Assert.Equal([4f, 5, 10, 11], torch.nn.functional.linear(_a, b.t().contiguous()).data<float>());
        Assert.Equal([5f, 6, 11, 12], torch.nn.functional.linear(_a, b.t(), torch.ones([2])).data<float>());
        Assert.Equal([4f, 5, 10, 11], _a.unsqueeze(0).bmm(b.unsqueeze(0)).data<float>());
        Assert.Equal([5f, 6, 11, 12], torch.addmm(torch.ones([2]), _a, b).data<float>());
    }

    [Fact]
    public void ArithmeticTakesTensorsAndNumbersOnEitherSide()
    {
        Assert.Equal([2f, 4, 6, 8, 10, 12], (_a + _a).data<float>());
        Assert.Equal([2f, 3, 4, 5, 6, 7], (_a + 1).data<float>());
        Assert.Equal([9f, 8, 7, 6, 5, 4], (10 - _a).data<float>());
        Assert.Equal([0.5f, 1, 1.5f, 2, 2.5f, 3], (_a * 0.5).data<float>());
        Assert.Equal([6f, 3, 2, 1.5f, 1.2f, 1], (6 / _a).data<float>());
        Assert.Equal([-1f, -2, -3, -4, -5, -6], (-_a).data<float>());
        Assert.Equal([1f, 4, 9, 16, 25, 36], _a.pow(2).data<float>());
        Assert.Equal([2f, 2, 3, 4, 4, 4], _a.clamp(2, 4).data<float>());
        Assert.Equal([1f, 2, 3, 3, 3, 3], _a.clamp(max: 3).data<float>());
    }

    [Fact]
    public void WholeNumbersStayWhole()
    {
        var whole = torch.tensor([7L, -7]);
        Assert.Equal([9L, -5], (whole + 2).data<long>());
        Assert.Equal(ScalarType.Float32, (whole + 2.0).dtype);
        Assert.Equal([1L, 2], whole.remainder(3).data<long>());
        Assert.Equal(long.MaxValue, torch.tensor([long.MaxValue]).item<long>());
    }

    [Fact]
    public void ComparisonsGiveMasks()
    {
        Assert.Equal([false, false, true, true, true, true], _a.ge(3).data<bool>());
        Assert.Equal([true, false, false, false, false, false], _a.lt(torch.tensor([2f, 2, 2])).data<bool>());
        Assert.Equal([false, true, false, false, false, false], _a.gt(1).logical_and(_a.ne(2).logical_not()).data<bool>());
        Assert.True(_a.eq(6).any().item<bool>());
        Assert.False(_a.eq(6).all().item<bool>());
        Assert.Equal([false, true], _a.gt(3).all(1).data<bool>());
        Assert.Equal([true, false, false], torch.tensor([1f, float.NaN, float.PositiveInfinity]).isfinite().data<bool>());
        Assert.Equal([0f, 0, 3, 4, 5, 6], _a.masked_fill(_a.lt(3), 0).data<float>());
        Assert.Equal([-1f, -1, 3, 4, 5, 6], torch.where(_a.lt(3), torch.full([1], -1), _a).data<float>());
    }

    [Fact]
    public void ReductionsRunOverAllElementsOrOneDimension()
    {
        Assert.Equal(21f, _a.sum().item<float>());
        Assert.Equal([5f, 7, 9], _a.sum(0).data<float>());
        Assert.Equal([2L, 1], _a.mean(1, keepdim: true).shape);
        Assert.Equal([3f, 6], _a.max(1).values.data<float>());
        Assert.Equal([2L, 2], _a.argmax(1).data<long>());
        Assert.Equal([1f, 3, 6, 4, 9, 15], _a.cumsum(1).data<float>());
        Assert.Equal([1f, 1], _a.var(1).data<float>());
        Assert.Equal(Math.Sqrt(91), _a.norm().item<double>(), 1e-5);
        Assert.Equal(Math.Log(Math.Exp(1) + Math.Exp(2) + Math.Exp(3)), _a.logsumexp(1).data<float>()[0], 1e-6);
        Assert.Equal(1f, _a.softmax(-1).sum(1).data<float>()[1], 1e-6f);
        Assert.Equal(_a.softmax(-1).log().data<float>()[2], _a.log_softmax(-1).data<float>()[2], 1e-6f);
    }

    [Fact]
    public void OrderAndPlacesAgree()
    {
        var x = torch.tensor([3f, 1, 2]);
        var (values, indexes) = x.topk(2);
        Assert.Equal([3f, 2], values.data<float>());
        Assert.Equal([0L, 2], indexes.data<long>());
        Assert.Equal([1L, 2, 0], x.sort().indexes.data<long>());
        Assert.Equal([0L, 2, 1], x.argsort(descending: true).data<long>());
        Assert.Equal([0L, 2], x.gt(1).nonzero().view(-1).data<long>());
        Assert.Equal([0L, 2, 1], torch.tensor([1L, 1, 2]).bincount().data<long>());
    }

    [Fact]
    public void ShapesChangeWithoutTheElements()
    {
        Assert.Equal([3L, 2], _a.t().shape);
        Assert.Equal([1f, 4, 2, 5, 3, 6], _a.t().data<float>());
        Assert.Equal([1L, 3], _a.t().strides);
        Assert.False(_a.t().is_contiguous());
        Assert.Equal([6L], _a.view(-1).shape);
        Assert.Equal([1f, 4, 2, 5, 3, 6], _a.transpose(0, 1).reshape(6).data<float>());
        Assert.Equal([2L, 1, 3], _a.unsqueeze(1).shape);
        Assert.Equal([2L, 3], _a.unsqueeze(1).squeeze(1).shape);
        Assert.Equal([4L, 2, 3], _a.expand(4, 2, 3).shape);
        Assert.Equal([3L, 1, 2], _a.view(1, 2, 3).permute(2, 0, 1).shape);
        Assert.Equal([4f, 5, 6, 1, 2, 3], _a.roll(1, 0).data<float>());
        Assert.Equal(3, _a.size(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _a.size(2));
    }

    [Fact]
    public void PartsShareTheMemory()
    {
        _a.slice(1, 1, 3).zero_();
        _a[0].add_(10);
        Assert.Equal([11f, 10, 10, 4, 0, 0], _a.data<float>());
        var parts = _a.split([1, 2], dim: 1);
        Assert.Equal([11f, 4], parts[0].data<float>());
        Assert.Equal([2L, 2], parts[1].shape);
        Assert.Equal(3, _a.unbind(1).Length);
    }

    [Fact]
    public void IndexesReachElementsByPlaceAndByMask()
    {
        var places = torch.tensor([2L, 0]);
        Assert.Equal([3f, 1, 6, 4], _a.index(null, places).data<float>());
        Assert.Equal([3f, 1, 6, 4], _a.index_select(1, places).data<float>());
        Assert.Equal([3f, 4], _a.gather(1, torch.tensor([2L, 0], 2, 1)).data<float>());
        Assert.Equal([5f, 6], _a.masked_select(_a.gt(4)).data<float>());
        _a.index_put_([torch.tensor([1L]), torch.tensor([1L])], torch.tensor([50f]));
        _a.index_add_(0, torch.tensor([0L]), torch.ones([1, 3]));
        Assert.Equal([2f, 3, 4, 4, 50, 6], _a.data<float>());
        Assert.Equal([0f, 7, 0], torch.zeros([3]).scatter_(0, torch.tensor([1L]), 7).data<float>());
    }

    [Fact]
    public void TensorsAreJoined()
    {
        Assert.Equal([4L, 3], torch.cat([_a, _a]).shape);
        Assert.Equal([2L, 6], torch.cat([_a, _a], dim: 1).shape);
        Assert.Equal([2L, 2, 3], torch.stack([_a, _a]).shape);
        Assert.Equal([300L], torch.cat([.. Enumerable.Range(0, 300).Select(i => torch.full([1], i))]).shape);
    }

    [Fact]
    public void FactoriesMakeWhatTheySay()
    {
        Assert.Equal([0L, 1, 2], torch.arange(3).data<long>());
        Assert.Equal([1f, 1.5f], torch.arange(1, 2, 0.5, ScalarType.Float32).data<float>());
        Assert.Equal([1f, 0, 0, 1], torch.eye(2).data<float>());
        Assert.Equal([3f, 3], torch.full([2], 3).data<float>());
        Assert.Equal(ScalarType.Int64, torch.zeros_like(_a, ScalarType.Int64).dtype);
        Assert.Equal([0L, 4], torch.tensor(Array.Empty<float>(), 0, 4).shape);
        Assert.Equal([0L, 1, 2, 3, 4], torch.randperm(5).sort().values.data<long>());
        Assert.Empty(torch.scalar_tensor(2).shape);
    }

    [Fact]
    public void EveryElementTypeGoesInAndComesOut()
    {
        AssertRoundTrip<float>([1.5f, -2]);
        AssertRoundTrip<double>([1.5, -2]);
        AssertRoundTrip<long>([1, long.MinValue]);
        AssertRoundTrip<int>([1, int.MinValue]);
        AssertRoundTrip<short>([1, short.MinValue]);
        AssertRoundTrip<sbyte>([1, -128]);
        AssertRoundTrip<byte>([1, 255]);
        AssertRoundTrip<bool>([true, false]);
        AssertRoundTrip<Half>([(Half)1.5f, (Half)(-2)]);
        AssertRoundTrip<BFloat16>([(BFloat16)1.5f, (BFloat16)(-2f)]);
        Assert.Throws<ArgumentException>(() => _a.data<long>());
        Assert.Throws<ArgumentException>(() => _a.CopyFrom<float>([1, 2]));

        static void AssertRoundTrip<T>(T[] values)
            where T : unmanaged
        {
            var tensor = torch.tensor(values);
            Assert.Equal(values, tensor.data<T>());
            Assert.Equal(tensor.dtype.ElementSize(), System.Runtime.CompilerServices.Unsafe.SizeOf<T>());
            Assert.Equal(values.Reverse(), torch.empty_like(tensor).CopyFrom<T>(values.Reverse().ToArray()).data<T>());
        }
    }

    [Fact]
    public void BFloat16RoundsAsTheLibraryDoes()
    {
        float[] values = [1.00390625f, 1.01171875f, 3.1415927f, -1e-30f, 3.4e38f, float.PositiveInfinity, 65535.9f];
        var rounded = torch.tensor(values).bfloat16();
        Assert.Equal(rounded.data<BFloat16>(), values.Select(value => (BFloat16)value));
        Assert.Equal(rounded.@float().data<float>(), values.Select(value => (float)(BFloat16)value));
        Assert.True(float.IsNaN((BFloat16)float.NaN));
    }

    [Fact]
    public unsafe void ATensorCanLieOverMemoryOfTheCaller()
    {
        float[] memory = [1, 2, 3, 4];
        fixed (float* first = memory)
        {
            using var over = torch.from_blob((nint)first, [2, 2], ScalarType.Float32);
            over.mul_(2);
        }

        Assert.Equal([2f, 4, 6, 8], memory);
    }

    [Fact]
    public void EqualityAndClosenessLookAtAllElements()
    {
        Assert.True(_a.equal(_a.clone()));
        Assert.False(_a.equal(_a + 1e-3));
        Assert.True(_a.allclose(_a + 1e-7));
    }

    [Fact]
    public void DevicesHaveNames()
    {
        Assert.Equal("cpu", _a.device.ToString());
        Assert.Equal(new Device(DeviceType.CUDA, 1), Device.Parse("cuda:1"));
        Assert.Throws<FormatException>(() => Device.Parse("gpu"));
        Assert.Throws<FormatException>(() => Device.Parse("cuda:x"));
        Assert.Equal("Float32[2, 3] {1, 2, 3, 4, 5, 6}", _a.ToString());
    }
}

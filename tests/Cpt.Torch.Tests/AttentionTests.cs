using F = Cpt.Torch.torch.nn.functional;

namespace Cpt.Torch.Tests;

/// <summary>The attention kernels against scores, mask, softmax and product in single operators.</summary>
public sealed class AttentionTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Generator _generator = new(5);

    public void Dispose()
    {
        _generator.Dispose();
        _scope.Dispose();
    }

    // Times around the kernel's blocks of 24 rows and panels of 8 keys; grouped heads; several widths.
    [Theory]
    [InlineData(1, 1, 1, 1, 1, 8)]
    [InlineData(2, 7, 7, 4, 2, 16)]
    [InlineData(3, 24, 24, 2, 1, 32)]
    [InlineData(2, 50, 50, 6, 2, 8)]
    [InlineData(2, 3, 19, 4, 4, 64)]
    public void AttentionEqualsItsSingleSteps(int batch, int queries, int keys, int heads, int kvHeads, int width)
    {
        foreach (var causal in new[] { true, false })
        {
            Kernels.AssertSame(
                [Leaf(batch, queries, heads, width), Leaf(batch, keys, kvHeads, width), Leaf(batch, keys, kvHeads, width)],
                x => F.attention(x[0], x[1], x[2], causal: causal),
                x => SingleSteps(x[0], x[1], x[2], start: null, causal),
                _generator);
        }
    }

    [Theory]
    [InlineData(6, 6)]
    [InlineData(30, 30)]
    [InlineData(4, 29)]
    public void LeftPaddingIsNotSeen(int queries, int keys)
    {
        long[] start = [0, 3, keys - 1, keys];
        foreach (var causal in new[] { true, false })
        {
            Kernels.AssertSame(
                [Leaf(4, queries, 4, 16), Leaf(4, keys, 2, 16), Leaf(4, keys, 2, 16)],
                x => F.attention(x[0], x[1], x[2], torch.tensor(start), causal: causal),
                x => SingleSteps(x[0], x[1], x[2], start, causal),
                _generator);
        }
    }

    [Fact]
    public void HeadsInsideOneProjectionNeedNoCopy()
    {
        Kernels.AssertSame(
            [Leaf(2, 9, (4 + 2 + 2) * 16)],
            x => F.attention(Heads(x[0], 0, 4), Heads(x[0], 4, 6), Heads(x[0], 6, 8)),
            x => SingleSteps(Heads(x[0], 0, 4), Heads(x[0], 4, 6), Heads(x[0], 6, 8), start: null, causal: true),
            _generator);

        static Tensor Heads(Tensor projection, int from, int to) => projection.view(2, 9, 8, 16).slice(2, from, to);
    }

    // Width 6 takes the single steps of libtorch inside the operator.
    [Theory]
    [InlineData(16, 1)]
    [InlineData(16, 37)]
    [InlineData(6, 5)]
    public void AttentionOfOneProjectionTurnsAndSplitsByItself(int width, int time)
    {
        var angles = torch.randn([3, time, width / 2], _generator);
        var (cos, sin, start) = (angles.cos(), angles.sin(), torch.tensor([0L, 1, time]));
        Kernels.AssertSame(
            [Leaf(3, time, 4 + 2 + 2, width)],
            x => F.rope_attention(x[0], cos, sin, 4, start),
            x => F.attention(F.rope(x[0].slice(2, 0, 4), cos, sin), F.rope(x[0].slice(2, 4, 6), cos, sin), x[0].slice(2, 6, 8), start),
            _generator);
    }

    [Fact]
    public void DecodingOfOneProjectionEqualsItsWholePass()
    {
        using var unrecorded = torch.no_grad();
        var angles = torch.randn([9, 8], _generator);
        var (cos, sin, qkv) = (angles.cos(), angles.sin(), Leaf(2, 9, 4 + 2 + 2, 16));
        var whole = F.rope_attention(qkv, cos, sin, 4);
        var (keys, values) = F.kv_cache(2, 2, 9, 16);
        foreach (var (from, to) in new[] { (0, 7), (7, 8), (8, 9) })
        {
            var o = F.rope_cached_attention_(qkv.slice(1, from, to), cos.slice(0, from, to), sin.slice(0, from, to), 4, keys, values, from);
            Kernels.AssertClose(whole.slice(1, from, to), o, 1e-5f, $"from {from}");
        }
    }

    [Fact]
    public void AWidthTheKernelDoesNotHaveTakesTheSingleSteps() => Kernels.AssertSame(
        [Leaf(2, 5, 4, 6), Leaf(2, 5, 2, 6), Leaf(2, 5, 2, 6)],
        x => F.attention(x[0], x[1], x[2], torch.tensor([0L, 2])),
        x => SingleSteps(x[0], x[1], x[2], [0, 2], causal: true),
        _generator);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TheNumberOfThreadsDoesNotChangeABit(int threads)
    {
        var (q, k, v) = (Leaf(4, 40, 4, 32), Leaf(4, 40, 2, 32), Leaf(4, 40, 2, 32));
        var one = Run(1);
        var other = Run(threads);
        for (var i = 0; i < one.Length; i++) Assert.Equal(one[i], other[i]);

        float[][] Run(int count)
        {
            using var limit = torch.thread_count(count);
            foreach (var leaf in new[] { q, k, v }) leaf.grad = null;
            var o = F.attention(q, k, v);
            o.square().sum().backward();
            return [o.data<float>(), q.grad!.data<float>(), k.grad!.data<float>(), v.grad!.data<float>()];
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public void DecodingTokenByTokenEqualsTheWholePass(int kvHeads)
    {
        const int batch = 3, prompt = 11, time = 30, heads = 4, width = 16;
        using var unrecorded = torch.no_grad();
        var (q, k, v) = (Leaf(batch, time, heads, width), Leaf(batch, time, kvHeads, width), Leaf(batch, time, kvHeads, width));
        var start = torch.tensor([0L, 4, 9]);
        var whole = F.attention(q, k, v, start);

        var (keys, values) = F.kv_cache(batch, kvHeads, time, width);
        Step(0, prompt);
        for (var at = prompt; at < time; at++) Step(at, at + 1);

        void Step(int from, int to)
        {
            var o = F.cached_attention_(q.slice(1, from, to), k.slice(1, from, to), v.slice(1, from, to), keys, values, from, start);
            for (var row = 0; row < batch; row++)
            {
                var real = Math.Max(from, start.data<long>()[row]);
                if (real < to) Kernels.AssertClose(whole[row].slice(0, real, to), o[row].slice(0, real - from, to - from), 1e-5f, $"row {row} from {from}");
            }
        }
    }

    [Fact]
    public void DroppingRowsOfTheCacheLeavesTheOthersAlone()
    {
        using var unrecorded = torch.no_grad();
        var (q, k, v) = (Leaf(3, 9, 2, 8), Leaf(3, 9, 2, 8), Leaf(3, 9, 2, 8));
        var (keys, values) = F.kv_cache(3, 2, 9, 8);
        F.cached_attention_(q.slice(1, 0, 8), k.slice(1, 0, 8), v.slice(1, 0, 8), keys, values, 0);
        var kept = torch.tensor([2L, 0]);
        var o = F.cached_attention_(
            q.index_select(0, kept).slice(1, 8, 9), k.index_select(0, kept).slice(1, 8, 9), v.index_select(0, kept).slice(1, 8, 9),
            keys.index_select(0, kept), values.index_select(0, kept), 8);
        Kernels.AssertClose(F.attention(q, k, v).index_select(0, kept).slice(1, 8, 9), o, 1e-5f, "the last position");
    }

    [Fact]
    public void AFullCacheIsRefused()
    {
        using var unrecorded = torch.no_grad();
        var x = torch.zeros([1, 1, 1, 8]);
        var (keys, values) = F.kv_cache(1, 1, 8, 8);
        var error = Assert.Throws<TorchException>(() => F.cached_attention_(x, x, x, keys, values, 8));
        Assert.Contains("the cache has room for 8 keys; 8 are there and 1 are to come", error.Message, StringComparison.Ordinal);
    }

    private Tensor Leaf(params ReadOnlySpan<long> shape) => torch.randn(shape, _generator).requires_grad_();

    private static Tensor SingleSteps(Tensor q, Tensor k, Tensor v, long[]? start, bool causal)
    {
        var (queries, keys, group) = (q.size(1), k.size(1), q.size(2) / k.size(2));
        var hidden = torch.zeros([q.size(0), 1, queries, keys], ScalarType.Bool);
        if (causal) hidden = hidden.logical_or(torch.ones([queries, keys], ScalarType.Bool).triu(keys - queries + 1));
        if (start is not null) hidden = hidden.logical_or(torch.arange(keys).unsqueeze(0).lt(torch.tensor(start).unsqueeze(1)).unsqueeze(1).unsqueeze(1));
        var scores = q.transpose(1, 2).matmul(k.repeat_interleave(group, 2).transpose(1, 2).transpose(2, 3)) / Math.Sqrt(q.size(3));
        return scores.masked_fill(hidden, float.MinValue).softmax(-1).matmul(v.repeat_interleave(group, 2).transpose(1, 2)).transpose(1, 2);
    }
}

namespace Cpt.Torch.Tests;

/// <summary>Random streams repeat, stand apart and can be saved.</summary>
[Collection(nameof(WholeProcess))]
public sealed class GeneratorTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void EqualSeedsGiveEqualStreams()
    {
        using var one = new Generator(5);
        using var other = new Generator(5);
        using var third = new Generator(6);
        var drawn = torch.randn([4], one).data<float>();
        Assert.Equal(drawn, torch.randn([4], other).data<float>());
        Assert.NotEqual(drawn, torch.randn([4], third).data<float>());
        Assert.Equal(drawn, torch.randn([4], one.manual_seed(5)).data<float>());
    }

    [Fact]
    public void ASavedStateGoesOnWhereItStood()
    {
        using var generator = new Generator(7);
        _ = torch.rand([3], generator);
        var state = generator.get_state();
        var first = Draw(generator);
        // Through bytes, as a checkpoint does it.
        using var restored = new Generator();
        restored.set_state(torch.tensor(state.data<byte>()));
        Assert.Equal(first, Draw(restored));

        static float[] Draw(Generator from) =>
        [
            .. torch.randn([3], from).data<float>(),
            .. torch.empty([2]).uniform_(-1, 1, from).data<float>(),
            .. torch.tensor([0.2f, 0.3f, 0.5f]).multinomial(8, replacement: true, from).data<long>(),
        ];
    }

    [Fact]
    public void TheProcessWideStreamIsSeededAndSavedLikewise()
    {
        torch.manual_seed(3);
        var first = torch.randn([4]).data<float>();
        var state = torch.get_rng_state();
        var second = torch.randn([4]).data<float>();
        torch.set_rng_state(state);
        Assert.Equal(second, torch.randn([4]).data<float>());
        torch.manual_seed(3);
        Assert.Equal(first, torch.randn([4]).data<float>());
    }

    [Fact]
    public void AWrongStateIsRefused()
    {
        using var generator = new Generator();
        Assert.Equal("set_state", Assert.Throws<TorchException>(() => generator.set_state(torch.zeros([5], ScalarType.Byte))).Operation);
    }

    [Fact]
    public void SamplesFollowTheirWeights()
    {
        using var generator = new Generator(1);
        var counts = torch.tensor([1f, 0, 3]).multinomial(4000, replacement: true, generator).bincount(3).data<long>();
        Assert.Equal(0, counts[1]);
        Assert.InRange(counts[2], 2900, 3100);
    }
}

using Cpt.Torch;

namespace Cpt.Models.Tests;

/// <summary>What padding and batching must not change.</summary>
public sealed class PaddingTests : IDisposable
{
    private static readonly long[] s_tokens = [5, 9, 13, 2, 40, 33];

    private readonly CausalLM _model = Small.Model(3);
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly GradMode _mode = torch.no_grad();

    public void Dispose()
    {
        _mode.Dispose();
        _scope.Dispose();
        _model.Dispose();
    }

    public static TheoryData<string, long[]> Paddings => new()
    {
        { "left", [0, 0, 0, 1, 1, 1, 1, 1, 1] },
        { "right", [1, 1, 1, 1, 1, 1, 0, 0, 0] },
        { "both sides", [0, 1, 1, 1, 1, 1, 1, 0, 0] },
        { "holes", [0, 1, 1, 0, 1, 0, 1, 1, 1] },
    };

    [Theory]
    [MemberData(nameof(Paddings))]
    public void ARowsLogitsDoNotDependOnItsPadding(string where, long[] mask)
    {
        Assert.NotEmpty(where);
        var expected = _model.forward(torch.tensor<long>(s_tokens, 1, 6))[0];
        var ids = new long[9];
        var next = 0;
        for (var t = 0; t < 9; t++)
        {
            ids[t] = mask[t] == 1 ? s_tokens[next++] : 7;
        }

        // A second row without padding shares the batch.
        long[] other = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        var found = _model.forward(torch.tensor<long>([.. ids, .. other], 2, 9), torch.tensor<long>([.. mask, .. Enumerable.Repeat(1L, 9)], 2, 9));
        var seen = Enumerable.Range(0, 9).Where(t => mask[t] == 1).Select(t => (long)t).ToArray();
        Assert.True(found[0].index_select(0, torch.tensor(seen)).allclose(expected, 1e-4, 1e-4));
        Assert.True(found[1].allclose(_model.forward(torch.tensor<long>(other, 1, 9))[0], 1e-4, 1e-4));
    }

    [Fact]
    public void AMaskOfBooleansOrOfOnesIsNoMask()
    {
        var ids = torch.tensor<long>(s_tokens, 1, 6);
        Assert.True(_model.forward(ids).equal(_model.forward(ids, torch.ones([1, 6], ScalarType.Int64))));
        Assert.True(_model.forward(ids).equal(_model.forward(ids, torch.ones([1, 6], ScalarType.Bool))));
    }

    [Fact]
    public void ARowOfNothingButPaddingStaysFiniteAndHurtsNobody()
    {
        var ids = torch.tensor<long>([.. s_tokens, .. s_tokens], 2, 6);
        var logits = _model.forward(ids, torch.tensor<long>([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0], 2, 6));
        Assert.True(logits.isfinite().all().item<bool>());
        Assert.True(logits[0].allclose(_model.forward(torch.tensor<long>(s_tokens, 1, 6))[0], 1e-4, 1e-4));
    }

    [Fact]
    public void ALaterTokenChangesNoEarlierLogit()
    {
        var before = _model.forward(torch.tensor<long>(s_tokens, 1, 6)).narrow(1, 0, 5);
        var after = _model.forward(torch.tensor<long>([.. s_tokens[..5], 60], 1, 6)).narrow(1, 0, 5);
        Assert.True(before.allclose(after, 1e-6, 1e-6));
    }
}

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
    }
}

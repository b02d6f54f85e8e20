namespace Cpt.Torch.Tests;

/// <summary>What goes wrong says which operator refused and why.</summary>
public sealed class ErrorTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Tensor _a = torch.ones([2, 3]);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void AnOperatorsErrorBearsItsName()
    {
        var error = Assert.Throws<TorchException>(() => _a.mm(_a));
        Assert.Equal("aten::mm", error.Operation);
        Assert.StartsWith("aten::mm: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)", error.Message, StringComparison.Ordinal);
        Assert.Equal("aten::sum.dim_IntList", Assert.Throws<TorchException>(() => _a.sum(5)).Operation);
    }

    [Fact]
    public void AMissingOperatorIsNamed()
    {
        Assert.False(Op.Has("aten::no_such_thing"));
        Assert.True(Op.Has("aten::add", "Tensor"));
        var error = Assert.Throws<TorchException>(() => new Op("aten::no_such_thing", "out").Call(_a));
        Assert.Contains("this libtorch has no operator aten::no_such_thing.out", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ArgumentsAreHeldAgainstTheSchema()
    {
        Assert.Contains("argument 2 (mat2) is missing; the schema is aten::mm(Tensor self, Tensor mat2) -> Tensor", Message(() => new Op("aten::mm").Call(_a)), StringComparison.Ordinal);
        Assert.Contains("3 arguments are too many", Message(() => new Op("aten::mm").Call(_a, _a, _a)), StringComparison.Ordinal);
        Assert.StartsWith("aten::mm: ", Message(() => new Op("aten::mm").Call(_a, 3)), StringComparison.Ordinal);
        Assert.StartsWith("aten::topk: 2 results where 1 can be taken; the schema is aten::topk(", Message(() => new Op("aten::topk").Call(_a, 1)), StringComparison.Ordinal);
        Assert.Equal("aten::mm(Tensor self, Tensor mat2) -> Tensor", new Op("aten::mm").Schema);
    }

    [Fact]
    public void AnErrorLeavesNothingBehindForTheNextCall()
    {
        for (var i = 0; i < 3; i++) Assert.Throws<TorchException>(() => _a.mm(_a));
        Assert.Equal([3f, 3, 3, 3], _a.mm(_a.t()).data<float>());
    }

    [Fact]
    public void BackwardSaysWhatIsWrong()
    {
        Assert.StartsWith("backward: element 0 of tensors does not require grad", Message(() => _a.backward()), StringComparison.Ordinal);
        Assert.StartsWith("backward: grad can be implicitly created only for scalar outputs", Message(() => _a.clone().requires_grad_().mul(2).backward()), StringComparison.Ordinal);
    }

    [Fact]
    public void AFreedTensorIsRefusedBeforeTheLibrarySeesIt()
    {
        var x = torch.ones([1]);
        x.Dispose();
        x.Dispose();
        Assert.True(x.IsInvalid);
        Assert.Throws<ObjectDisposedException>(() => x + 1);
        Assert.Throws<ObjectDisposedException>(() => x.shape);
        Assert.Throws<ObjectDisposedException>(() => torch.cat([_a, x]));
    }

    [Fact]
    public void ValuesMustFillTheShape()
    {
        Assert.Equal("tensor: the data has 12 bytes, the shape [2, 2] needs 16", Message(() => torch.tensor([1f, 2, 3], 2, 2)));
        Assert.StartsWith("item: ", Message(() => _a.item<float>()), StringComparison.Ordinal);
    }

    private static string Message(Action action) => Assert.Throws<TorchException>(action).Message.Split('\n')[0];
}

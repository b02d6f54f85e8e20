namespace Cpt.Torch;

/// <summary>Elements by their places or by a mask.</summary>
public sealed partial class Tensor
{
    /// <summary>The slices along a dimension that an Int64 [n] tensor names.</summary>
    public Tensor index_select(long dim, Tensor index) => Ops.IndexSelect.Call(this, dim, index);

    /// <summary>out[i][j] = this[i][index[i][j]] for dim 1, and so on.</summary>
    public Tensor gather(long dim, Tensor index) => Ops.Gather.Call(this, dim, index);

    /// <summary>Advanced indexing: a tensor of Int64 places or a Bool mask per dimension; null takes a dimension whole.</summary>
    public unsafe Tensor index(params ReadOnlySpan<Tensor?> indexes)
    {
        var handles = stackalloc nint[indexes.Length];
        return Ops.Index.Call(this, InFlight.Hold(indexes, handles));
    }

    /// <summary>Writes values to the places that <see cref="index"/> would read.</summary>
    public unsafe Tensor index_put_(ReadOnlySpan<Tensor?> indexes, Tensor values, bool accumulate = false)
    {
        var handles = stackalloc nint[indexes.Length];
        Ops.IndexPut.Run(this, InFlight.Hold(indexes, handles), values, accumulate);
        return this;
    }

    public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar? alpha = null)
    {
        Ops.IndexAdd.Run(this, dim, index, source, alpha ?? 1);
        return this;
    }

    public Tensor index_copy_(long dim, Tensor index, Tensor source)
    {
        Ops.IndexCopy.Run(this, dim, index, source);
        return this;
    }

    public Tensor scatter_(long dim, Tensor index, Tensor source)
    {
        Ops.Scatter.Run(this, dim, index, source);
        return this;
    }

    public Tensor scatter_(long dim, Tensor index, Scalar value)
    {
        Ops.ScatterValue.Run(this, dim, index, value);
        return this;
    }

    public Tensor scatter_add_(long dim, Tensor index, Tensor source)
    {
        Ops.ScatterAdd.Run(this, dim, index, source);
        return this;
    }

    public Tensor masked_fill(Tensor mask, Scalar value) => Ops.MaskedFill.Call(this, mask, value);

    public Tensor masked_fill_(Tensor mask, Scalar value)
    {
        Ops.MaskedFillInPlace.Run(this, mask, value);
        return this;
    }

    /// <summary>The elements under a mask, one after the other.</summary>
    public Tensor masked_select(Tensor mask) => Ops.MaskedSelect.Call(this, mask);

    /// <summary>This where the condition holds, else the other.</summary>
    public Tensor where(Tensor condition, Tensor other) => Ops.Where.Call(condition, this, other);
}

namespace Cpt.Torch;

/// <summary>The same elements in another shape; most are views.</summary>
public sealed partial class Tensor
{
    /// <summary>Another shape over the same memory; one size may be −1.</summary>
    /// <exception cref="TorchException">The strides do not allow it; <see cref="reshape"/> copies then.</exception>
    public unsafe Tensor view(params ReadOnlySpan<long> sizes)
    {
        fixed (long* first = sizes) return Ops.View.Call(this, Argument.Integers(first, sizes.Length));
    }

    /// <summary>Another shape, over the same memory where the strides allow it.</summary>
    public unsafe Tensor reshape(params ReadOnlySpan<long> sizes)
    {
        fixed (long* first = sizes) return Ops.Reshape.Call(this, Argument.Integers(first, sizes.Length));
    }

    public Tensor flatten(long start_dim = 0, long end_dim = -1) => Ops.Flatten.Call(this, start_dim, end_dim);

    public Tensor transpose(long dim0, long dim1) => Ops.Transpose.Call(this, dim0, dim1);

    public unsafe Tensor permute(params ReadOnlySpan<long> dims)
    {
        fixed (long* first = dims) return Ops.Permute.Call(this, Argument.Integers(first, dims.Length));
    }

    /// <summary>The transposed matrix.</summary>
    public Tensor t() => Ops.T.Call(this);

    public Tensor unsqueeze(long dim) => Ops.Unsqueeze.Call(this, dim);

    public Tensor squeeze() => Ops.Squeeze.Call(this);

    public Tensor squeeze(long dim) => Ops.SqueezeDim.Call(this, dim);

    /// <summary>Repeats dimensions of size 1 without copying; −1 keeps a size.</summary>
    public unsafe Tensor expand(params ReadOnlySpan<long> sizes)
    {
        fixed (long* first = sizes) return Ops.Expand.Call(this, Argument.Integers(first, sizes.Length));
    }

    public unsafe Tensor repeat(params ReadOnlySpan<long> times)
    {
        fixed (long* first = times) return Ops.Repeat.Call(this, Argument.Integers(first, times.Length));
    }

    public Tensor repeat_interleave(long repeats, long dim) => Ops.RepeatInterleave.Call(this, repeats, dim);

    public Tensor contiguous() => Ops.Contiguous.Call(this);

    /// <summary>Elements <paramref name="start"/> up to, not including, <paramref name="finish"/> of a dimension; negative ones count from its end.</summary>
    public Tensor slice(long dim, long start, long finish, long step = 1) => Ops.Slice.Call(this, dim, start, finish, step);

    public Tensor narrow(long dim, long start, long length) => Ops.Narrow.Call(this, dim, start, length);

    /// <summary>One element of a dimension, which goes away.</summary>
    public Tensor select(long dim, long index) => Ops.Select.Call(this, dim, index);

    public Tensor this[long index] => select(0, index);

    public Tensor[] split(long size, long dim = 0) => Ops.Split.CallMany(this, size, dim);

    public unsafe Tensor[] split(ReadOnlySpan<long> sizes, long dim = 0)
    {
        fixed (long* first = sizes) return Ops.SplitSizes.CallMany(this, Argument.Integers(first, sizes.Length), dim);
    }

    public Tensor[] chunk(long chunks, long dim = 0) => Ops.Chunk.CallMany(this, chunks, dim);

    public Tensor[] unbind(long dim = 0) => Ops.Unbind.CallMany(this, dim);

    public unsafe Tensor flip(params ReadOnlySpan<long> dims)
    {
        fixed (long* first = dims) return Ops.Flip.Call(this, Argument.Integers(first, dims.Length));
    }

    public unsafe Tensor roll(long shift, long dim) => Ops.Roll.Call(this, Argument.Integers(&shift, 1), Argument.Integers(&dim, 1));

    public Tensor tril(long diagonal = 0) => Ops.Tril.Call(this, diagonal);

    public Tensor triu(long diagonal = 0) => Ops.Triu.Call(this, diagonal);

    public Tensor view_as(Tensor other) => view(other.shape);

    public Tensor expand_as(Tensor other) => expand(other.shape);
}

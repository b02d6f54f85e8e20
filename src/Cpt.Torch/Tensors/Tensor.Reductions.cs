namespace Cpt.Torch;

/// <summary>Sums, extremes, orders and distributions along dimensions.</summary>
public sealed partial class Tensor
{
    /// <summary>Over all elements; an integer or boolean tensor sums to Int64.</summary>
    public Tensor sum() => Ops.Sum.Call(this);

    public unsafe Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) =>
        Ops.SumDim.Call(this, Argument.Integers(&dim, 1), keepdim, Argument.From(type));

    public unsafe Tensor sum(ReadOnlySpan<long> dims, bool keepdim = false, ScalarType? type = null)
    {
        fixed (long* first = dims) return Ops.SumDim.Call(this, Argument.Integers(first, dims.Length), keepdim, Argument.From(type));
    }

    public Tensor mean() => Ops.Mean.Call(this);

    public unsafe Tensor mean(long dim, bool keepdim = false, ScalarType? type = null) =>
        Ops.MeanDim.Call(this, Argument.Integers(&dim, 1), keepdim, Argument.From(type));

    public Tensor max() => Ops.Max.Call(this);

    public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Pair(Ops.MaxDim.CallMany(this, dim, keepdim));

    public Tensor min() => Ops.Min.Call(this);

    public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Pair(Ops.MinDim.CallMany(this, dim, keepdim));

    public unsafe Tensor amax(long dim, bool keepdim = false) => Ops.AMax.Call(this, Argument.Integers(&dim, 1), keepdim);

    public unsafe Tensor amin(long dim, bool keepdim = false) => Ops.AMin.Call(this, Argument.Integers(&dim, 1), keepdim);

    public Tensor argmax() => Ops.ArgMax.Call(this);

    public Tensor argmax(long dim, bool keepdim = false) => Ops.ArgMax.Call(this, dim, keepdim);

    public Tensor argmin(long dim, bool keepdim = false) => Ops.ArgMin.Call(this, dim, keepdim);

    public Tensor prod() => Ops.Prod.Call(this);

    public Tensor prod(long dim, bool keepdim = false) => Ops.ProdDim.Call(this, dim, keepdim);

    public Tensor any() => Ops.Any.Call(this);

    public Tensor any(long dim, bool keepdim = false) => Ops.AnyDim.Call(this, dim, keepdim);

    public Tensor all() => Ops.All.Call(this);

    public Tensor all(long dim, bool keepdim = false) => Ops.AllDim.Call(this, dim, keepdim);

    /// <summary>Variance along a dimension; with <paramref name="unbiased"/> divided by n − 1.</summary>
    public unsafe Tensor var(long dim, bool unbiased = true, bool keepdim = false) =>
        Ops.Variance.Call(this, Argument.Integers(&dim, 1), unbiased ? 1 : 0, keepdim);

    /// <summary>Standard deviation along a dimension; with <paramref name="unbiased"/> divided by n − 1.</summary>
    public unsafe Tensor std(long dim, bool unbiased = true, bool keepdim = false) =>
        Ops.Deviation.Call(this, Argument.Integers(&dim, 1), unbiased ? 1 : 0, keepdim);

    /// <summary>(Σ |x|^p)^(1/p) over all elements.</summary>
    public Tensor norm(double p = 2) => Ops.Norm.Call(this, p);

    public Tensor cumsum(long dim, ScalarType? type = null) => Ops.CumSum.Call(this, dim, Argument.From(type));

    public Tensor softmax(long dim, ScalarType? type = null) => Ops.Softmax.Call(this, dim, Argument.From(type));

    public Tensor log_softmax(long dim, ScalarType? type = null) => Ops.LogSoftmax.Call(this, dim, Argument.From(type));

    public unsafe Tensor logsumexp(long dim, bool keepdim = false) => Ops.LogSumExp.Call(this, Argument.Integers(&dim, 1), keepdim);

    public (Tensor values, Tensor indexes) topk(long k, long dim = -1, bool largest = true, bool sorted = true) => Pair(Ops.TopK.CallMany(this, k, dim, largest, sorted));

    public (Tensor values, Tensor indexes) sort(long dim = -1, bool descending = false) => Pair(Ops.Sort.CallMany(this, dim, descending));

    public Tensor argsort(long dim = -1, bool descending = false) => Ops.ArgSort.Call(this, dim, descending);

    /// <summary>Draws column numbers with the probabilities, or weights, of each row.</summary>
    public Tensor multinomial(long samples, bool replacement = false, Generator? generator = null) =>
        Ops.Multinomial.Call(this, samples, replacement, Generator.ArgumentOf(generator));

    /// <summary>The places of the elements that are not zero: Int64 [found, dim].</summary>
    public Tensor nonzero() => Ops.NonZero.Call(this);

    public Tensor bincount(long minlength = 0) => Ops.BinCount.Call(this, Argument.None, minlength);

    private static (Tensor Values, Tensor Indexes) Pair(Tensor[] results) => (results[0], results[1]);
}

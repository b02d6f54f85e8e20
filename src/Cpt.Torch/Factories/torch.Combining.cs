namespace Cpt.Torch;

/// <summary>Functions of several tensors.</summary>
public static partial class torch
{
    /// <summary>Tensors one after the other along a dimension they have.</summary>
    public static unsafe Tensor cat(ReadOnlySpan<Tensor> tensors, long dim = 0)
    {
        Span<nint> handles = tensors.Length <= 256 ? stackalloc nint[tensors.Length] : new nint[tensors.Length];
        fixed (nint* first = handles) return Ops.Cat.Call(InFlight.Hold(tensors!, first), dim);
    }

    /// <summary>Tensors of one shape along a new dimension.</summary>
    public static unsafe Tensor stack(ReadOnlySpan<Tensor> tensors, long dim = 0)
    {
        Span<nint> handles = tensors.Length <= 256 ? stackalloc nint[tensors.Length] : new nint[tensors.Length];
        fixed (nint* first = handles) return Ops.Stack.Call(InFlight.Hold(tensors!, first), dim);
    }

    /// <summary>Elements of the first tensor where the condition holds, else of the second.</summary>
    public static Tensor where(Tensor condition, Tensor x, Tensor y) => Ops.Where.Call(condition, x, y);

    public static Tensor matmul(Tensor left, Tensor right) => left.matmul(right);

    public static Tensor mm(Tensor left, Tensor right) => left.mm(right);

    public static Tensor bmm(Tensor left, Tensor right) => left.bmm(right);

    /// <summary>beta · input + alpha · left · right.</summary>
    public static Tensor addmm(Tensor input, Tensor left, Tensor right, Scalar? beta = null, Scalar? alpha = null) => Ops.Addmm.Call(input, left, right, beta ?? 1, alpha ?? 1);

    public static Tensor minimum(Tensor left, Tensor right) => left.minimum(right);

    public static Tensor maximum(Tensor left, Tensor right) => left.maximum(right);

    public static Tensor softmax(Tensor input, long dim) => input.softmax(dim);

    public static Tensor log_softmax(Tensor input, long dim) => input.log_softmax(dim);

    public static Tensor exp(Tensor input) => input.exp();

    public static Tensor log(Tensor input) => input.log();

    public static Tensor multinomial(Tensor probabilities, long samples, bool replacement = false, Generator? generator = null) =>
        probabilities.multinomial(samples, replacement, generator);
}

namespace Cpt.Torch;

/// <summary>Arithmetic, comparisons and matrix products. Shapes broadcast as in PyTorch.</summary>
public sealed partial class Tensor
{
    public static Tensor operator +(Tensor left, Tensor right) => Ops.Add.Call(left, right);

    public static Tensor operator +(Tensor left, Scalar right) => Ops.AddScalar.Call(left, right);

    public static Tensor operator +(Scalar left, Tensor right) => Ops.AddScalar.Call(right, left);

    public static Tensor operator -(Tensor left, Tensor right) => Ops.Subtract.Call(left, right);

    public static Tensor operator -(Tensor left, Scalar right) => Ops.SubtractScalar.Call(left, right);

    public static Tensor operator -(Scalar left, Tensor right) => Ops.ReverseSubtract.Call(right, left);

    public static Tensor operator -(Tensor tensor) => Ops.Negate.Call(tensor);

    public static Tensor operator *(Tensor left, Tensor right) => Ops.Multiply.Call(left, right);

    public static Tensor operator *(Tensor left, Scalar right) => Ops.MultiplyScalar.Call(left, right);

    public static Tensor operator *(Scalar left, Tensor right) => Ops.MultiplyScalar.Call(right, left);

    public static Tensor operator /(Tensor left, Tensor right) => Ops.Divide.Call(left, right);

    public static Tensor operator /(Tensor left, Scalar right) => Ops.DivideScalar.Call(left, right);

    public static Tensor operator /(Scalar left, Tensor right) => Ops.MultiplyScalar.Call(Ops.Reciprocal.Call(right), left);

    public Tensor add(Tensor other, Scalar? alpha = null) => Ops.Add.Call(this, other, alpha ?? 1);

    public Tensor add(Scalar other) => this + other;

    public Tensor sub(Tensor other) => this - other;

    public Tensor sub(Scalar other) => this - other;

    public Tensor mul(Tensor other) => this * other;

    public Tensor mul(Scalar other) => this * other;

    public Tensor div(Tensor other) => this / other;

    public Tensor div(Scalar other) => this / other;

    public Tensor neg() => Ops.Negate.Call(this);

    public Tensor reciprocal() => Ops.Reciprocal.Call(this);

    /// <summary>What is left after division, with the divisor's sign.</summary>
    public Tensor remainder(Scalar divisor) => Ops.Remainder.Call(this, divisor);

    public Tensor pow(Scalar exponent) => Ops.Power.Call(this, exponent);

    public Tensor pow(Tensor exponent) => Ops.PowerTensor.Call(this, exponent);

    public Tensor minimum(Tensor other) => Ops.Minimum.Call(this, other);

    public Tensor maximum(Tensor other) => Ops.Maximum.Call(this, other);

    public Tensor clamp(Scalar? min = null, Scalar? max = null) =>
        Ops.Clamp.Call(this, min is { } low ? low : Argument.None, max is { } high ? high : Argument.None);

    /// <summary>The product of matrices or of batches of them.</summary>
    public Tensor matmul(Tensor other) => Ops.Matmul.Call(this, other);

    /// <summary>[n, k] · [k, m] → [n, m].</summary>
    public Tensor mm(Tensor other) => Ops.Mm.Call(this, other);

    /// <summary>[b, n, k] · [b, k, m] → [b, n, m].</summary>
    public Tensor bmm(Tensor other) => Ops.Bmm.Call(this, other);

    public Tensor dot(Tensor other) => Ops.Dot.Call(this, other);

    public Tensor outer(Tensor other) => Ops.Outer.Call(this, other);

    public Tensor eq(Tensor other) => Ops.Eq.Call(this, other);

    public Tensor eq(Scalar other) => Ops.EqScalar.Call(this, other);

    public Tensor ne(Tensor other) => Ops.Ne.Call(this, other);

    public Tensor ne(Scalar other) => Ops.NeScalar.Call(this, other);

    public Tensor lt(Tensor other) => Ops.Lt.Call(this, other);

    public Tensor lt(Scalar other) => Ops.LtScalar.Call(this, other);

    public Tensor le(Tensor other) => Ops.Le.Call(this, other);

    public Tensor le(Scalar other) => Ops.LeScalar.Call(this, other);

    public Tensor gt(Tensor other) => Ops.Gt.Call(this, other);

    public Tensor gt(Scalar other) => Ops.GtScalar.Call(this, other);

    public Tensor ge(Tensor other) => Ops.Ge.Call(this, other);

    public Tensor ge(Scalar other) => Ops.GeScalar.Call(this, other);

    public Tensor logical_and(Tensor other) => Ops.And.Call(this, other);

    public Tensor logical_or(Tensor other) => Ops.Or.Call(this, other);

    public Tensor logical_xor(Tensor other) => Ops.Xor.Call(this, other);

    public Tensor logical_not() => Ops.Not.Call(this);

    /// <summary>Whether shapes and all values are the same.</summary>
    public bool equal(Tensor other) => Ops.Equal.CallScalar(this, other).ToBoolean();

    /// <summary>Whether |this − other| ≤ atol + rtol·|other| everywhere.</summary>
    public bool allclose(Tensor other, double rtol = 1e-5, double atol = 1e-8) => Ops.AllClose.CallScalar(this, other, rtol, atol).ToBoolean();
}

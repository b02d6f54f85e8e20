namespace Cpt.Torch;

/// <summary>Functions of single elements.</summary>
public sealed partial class Tensor
{
    public Tensor exp() => Ops.Exp.Call(this);

    public Tensor expm1() => Ops.Expm1.Call(this);

    public Tensor log() => Ops.Log.Call(this);

    public Tensor log1p() => Ops.Log1p.Call(this);

    public Tensor sqrt() => Ops.Sqrt.Call(this);

    /// <summary>1 / √x.</summary>
    public Tensor rsqrt() => Ops.Rsqrt.Call(this);

    public Tensor square() => Ops.Square.Call(this);

    public Tensor abs() => Ops.Abs.Call(this);

    public Tensor sign() => Ops.Sign.Call(this);

    public Tensor floor() => Ops.Floor.Call(this);

    public Tensor ceil() => Ops.Ceil.Call(this);

    /// <summary>To the nearest integer, halves to the even one.</summary>
    public Tensor round() => Ops.Round.Call(this);

    public Tensor sin() => Ops.Sin.Call(this);

    public Tensor cos() => Ops.Cos.Call(this);

    public Tensor tanh() => Ops.Tanh.Call(this);

    public Tensor sigmoid() => Ops.Sigmoid.Call(this);

    /// <summary>x · sigmoid(x).</summary>
    public Tensor silu() => Ops.Silu.Call(this);

    public Tensor relu() => Ops.Relu.Call(this);

    public Tensor gelu() => Ops.Gelu.Call(this);

    public Tensor isfinite() => Ops.IsFinite.Call(this);

    public Tensor isnan() => Ops.IsNan.Call(this);
}

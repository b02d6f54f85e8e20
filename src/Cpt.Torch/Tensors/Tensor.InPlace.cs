namespace Cpt.Torch;

/// <summary>Methods that change the tensor and return it.</summary>
public sealed partial class Tensor
{
    /// <summary>Takes over the values of another tensor, converting type and device.</summary>
    public Tensor copy_(Tensor source, bool non_blocking = false)
    {
        Ops.Copy.Run(this, source, non_blocking);
        return this;
    }

    public Tensor zero_()
    {
        Ops.Zero.Run(this);
        return this;
    }

    public Tensor fill_(Scalar value)
    {
        Ops.Fill.Run(this, value);
        return this;
    }

    public Tensor add_(Tensor other, Scalar? alpha = null)
    {
        Ops.AddInPlace.Run(this, other, alpha ?? 1);
        return this;
    }

    /// <summary>Adds left · right: [n, m] · [m, p].</summary>
    public Tensor addmm_(Tensor left, Tensor right)
    {
        Ops.AddmmInPlace.Run(this, left, right);
        return this;
    }

    public Tensor add_(Scalar other)
    {
        Ops.AddScalarInPlace.Run(this, other);
        return this;
    }

    public Tensor sub_(Tensor other)
    {
        Ops.SubtractInPlace.Run(this, other);
        return this;
    }

    public Tensor mul_(Tensor other)
    {
        Ops.MultiplyInPlace.Run(this, other);
        return this;
    }

    public Tensor mul_(Scalar other)
    {
        Ops.MultiplyScalarInPlace.Run(this, other);
        return this;
    }

    public Tensor div_(Tensor other)
    {
        Ops.DivideInPlace.Run(this, other);
        return this;
    }

    public Tensor div_(Scalar other)
    {
        Ops.DivideScalarInPlace.Run(this, other);
        return this;
    }

    public Tensor neg_()
    {
        Ops.NegateInPlace.Run(this);
        return this;
    }

    public Tensor exp_()
    {
        Ops.ExpInPlace.Run(this);
        return this;
    }

    public Tensor sqrt_()
    {
        Ops.SqrtInPlace.Run(this);
        return this;
    }

    public Tensor clamp_(Scalar? min = null, Scalar? max = null)
    {
        Ops.ClampInPlace.Run(this, min is { } low ? low : Argument.None, max is { } high ? high : Argument.None);
        return this;
    }

    /// <summary>this += value · first · second.</summary>
    public Tensor addcmul_(Tensor first, Tensor second, Scalar? value = null)
    {
        Ops.AddCMulInPlace.Run(this, first, second, value ?? 1);
        return this;
    }

    /// <summary>this += value · first / second.</summary>
    public Tensor addcdiv_(Tensor first, Tensor second, Scalar? value = null)
    {
        Ops.AddCDivInPlace.Run(this, first, second, value ?? 1);
        return this;
    }

    /// <summary>this += weight · (end − this).</summary>
    public Tensor lerp_(Tensor end, Scalar weight)
    {
        Ops.LerpInPlace.Run(this, end, weight);
        return this;
    }

    /// <summary>Fills it with normal deviates.</summary>
    public Tensor normal_(double mean = 0, double stddev = 1, Generator? generator = null)
    {
        Ops.Normal.Run(this, mean, stddev, Generator.ArgumentOf(generator));
        return this;
    }

    /// <summary>Fills it with deviates from [from, to).</summary>
    public Tensor uniform_(double from = 0, double to = 1, Generator? generator = null)
    {
        Ops.Uniform.Run(this, from, to, Generator.ArgumentOf(generator));
        return this;
    }
}

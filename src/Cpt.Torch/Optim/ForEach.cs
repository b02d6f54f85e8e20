namespace Cpt.Torch;

/// <summary>Operators on whole lists of tensors: one call for all parameters.</summary>
internal static class ForEach
{
    private static readonly Op s_scale = new("aten::_foreach_mul_", "Scalar"), s_addList = new("aten::_foreach_add_", "List"), s_addScalar = new("aten::_foreach_add_", "Scalar");
    private static readonly Op s_addCMul = new("aten::_foreach_addcmul_", "Scalar"), s_addCDiv = new("aten::_foreach_addcdiv_", "Scalar"), s_divide = new("aten::_foreach_div_", "Scalar");
    private static readonly Op s_sqrt = new("aten::_foreach_sqrt"), s_lerp = new("aten::_foreach_lerp_", "Scalar");

    private static readonly Lazy<bool> s_hasLerp = new(() => Op.Has("aten::_foreach_lerp_", "Scalar"));

    public static unsafe Tensor[] Call(Op op, ReadOnlySpan<Tensor> list, Scalar value)
    {
        fixed (nint* handles = new nint[list.Length]) return op.CallMany(InFlight.Hold(list!, handles), value);
    }

    /// <summary>list *= factor.</summary>
    public static unsafe void Scale(ReadOnlySpan<Tensor> list, double factor)
    {
        fixed (nint* handles = new nint[list.Length]) s_scale.Run(InFlight.Hold(list!, handles), factor);
    }

    /// <summary>list += value.</summary>
    public static unsafe void AddScalar(ReadOnlySpan<Tensor> list, double value)
    {
        fixed (nint* handles = new nint[list.Length]) s_addScalar.Run(InFlight.Hold(list!, handles), value);
    }

    /// <summary>list /= value.</summary>
    public static unsafe void Divide(ReadOnlySpan<Tensor> list, double value)
    {
        fixed (nint* handles = new nint[list.Length]) s_divide.Run(InFlight.Hold(list!, handles), value);
    }

    /// <summary>list += alpha · other.</summary>
    public static unsafe void Add(ReadOnlySpan<Tensor> list, ReadOnlySpan<Tensor> other, double alpha)
    {
        fixed (nint* handles = new nint[list.Length], others = new nint[other.Length])
            s_addList.Run(InFlight.Hold(list!, handles), InFlight.Hold(other!, others), alpha);
    }

    /// <summary>list += weight · (end − list).</summary>
    public static unsafe void Lerp(ReadOnlySpan<Tensor> list, ReadOnlySpan<Tensor> end, double weight)
    {
        if (!s_hasLerp.Value)
        {
            Scale(list, 1 - weight);
            Add(list, end, weight);
            return;
        }

        fixed (nint* handles = new nint[list.Length], ends = new nint[end.Length])
            s_lerp.Run(InFlight.Hold(list!, handles), InFlight.Hold(end!, ends), weight);
    }

    /// <summary>list += value · first · second.</summary>
    public static unsafe void AddCMul(ReadOnlySpan<Tensor> list, ReadOnlySpan<Tensor> first, ReadOnlySpan<Tensor> second, double value)
    {
        fixed (nint* handles = new nint[list.Length], firsts = new nint[first.Length], seconds = new nint[second.Length])
            s_addCMul.Run(InFlight.Hold(list!, handles), InFlight.Hold(first!, firsts), InFlight.Hold(second!, seconds), value);
    }

    /// <summary>list += value · first / second.</summary>
    public static unsafe void AddCDiv(ReadOnlySpan<Tensor> list, ReadOnlySpan<Tensor> first, ReadOnlySpan<Tensor> second, double value)
    {
        fixed (nint* handles = new nint[list.Length], firsts = new nint[first.Length], seconds = new nint[second.Length])
            s_addCDiv.Run(InFlight.Hold(list!, handles), InFlight.Hold(first!, firsts), InFlight.Hold(second!, seconds), value);
    }

    /// <summary>√list.</summary>
    public static unsafe Tensor[] Sqrt(ReadOnlySpan<Tensor> list)
    {
        fixed (nint* handles = new nint[list.Length]) return s_sqrt.CallMany(InFlight.Hold(list!, handles));
    }
}

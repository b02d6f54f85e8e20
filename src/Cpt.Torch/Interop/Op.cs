namespace Cpt.Torch;

/// <summary>An operator of the dispatcher, found once by its schema name and called through a kept handle.</summary>
/// <remarks>
/// Any operator can be called, also those <see cref="Tensor"/> has no method for: <c>new Op("aten::tril").Call(x, 0)</c>. Arguments stand in
/// schema order; trailing ones with defaults may be left out. The name is looked up at the first call. A call costs about 0.7 µs beside the
/// operator's own work.
/// </remarks>
public sealed class Op
{
    private nint _handle;

    /// <param name="name">With its namespace: <c>aten::add</c>, <c>cpt::rms_norm</c>.</param>
    /// <param name="overload">What follows the dot in <c>aten::add.Tensor</c>; empty where nothing does.</param>
    public Op(string name, string overload = "")
    {
        Name = name;
        Overload = overload;
    }

    /// <summary>The name with its namespace, without the overload.</summary>
    public string Name { get; }

    /// <summary>The overload's name; may be empty.</summary>
    public string Overload { get; }

    /// <summary>Whether this libtorch has the operator; an older one lacks some.</summary>
    public static bool Has(string name, string overload = "") => Native.cpt_operator_find(name, overload) != 0;

    private nint Handle => _handle != 0 ? _handle : Find();

    private string FullName => Overload.Length == 0 ? Name : Name + "." + Overload;

    private nint Find() => _handle = Native.Check(Native.cpt_operator_find(Name, Overload), FullName);

    /// <summary>The operator's declaration, such as <c>aten::mm(Tensor self, Tensor mat2) -> Tensor</c>.</summary>
    public unsafe string Schema
    {
        get
        {
            const int capacity = 8192;
            var buffer = stackalloc byte[capacity];
            Native.Check(Native.cpt_operator_schema(Handle, buffer, capacity), FullName);
            return Native.Text((nint)buffer);
        }
    }

    /// <summary>Calls an operator with one tensor as its result.</summary>
    /// <exception cref="TorchException">The operator is missing, or it refused its arguments.</exception>
    public unsafe Tensor Call(params ReadOnlySpan<Argument> arguments)
    {
        Argument result;
        int count;
        fixed (Argument* first = arguments) count = Native.cpt_call(Handle, first, arguments.Length, &result, 1);
        if (count < 0) throw Native.Error(FullName);
        if (count != 1 || result.Tag != Argument.TensorTag) throw new TorchException(FullName, $"one tensor was expected; the schema is {Schema}");
        return new Tensor(result.Pointer);
    }

    /// <summary>Calls an operator for what it does to its arguments; its results are let go.</summary>
    /// <exception cref="TorchException">The operator is missing, or it refused its arguments.</exception>
    public unsafe void Run(params ReadOnlySpan<Argument> arguments)
    {
        const int capacity = 8;
        var results = stackalloc Argument[capacity];
        int count;
        fixed (Argument* first = arguments) count = Native.cpt_call(Handle, first, arguments.Length, results, capacity);
        if (count < 0) throw Native.Error(FullName);
        for (var i = 0; i < count; i++) Release(results[i]);
    }

    /// <summary>Calls an operator with several results; those of a list stand one after the other.</summary>
    /// <exception cref="TorchException">The operator is missing, or it refused its arguments.</exception>
    public unsafe Tensor[] CallMany(params ReadOnlySpan<Argument> arguments)
    {
        const int capacity = 8;
        var results = stackalloc Argument[capacity];
        int count;
        fixed (Argument* first = arguments) count = Native.cpt_call(Handle, first, arguments.Length, results, capacity);
        if (count < 0) throw Native.Error(FullName);
        var tensors = new List<Tensor>(count);
        for (var i = 0; i < count; i++)
        {
            if (results[i].Tag == Argument.TensorTag) tensors.Add(new Tensor(results[i].Pointer));
            if (results[i].Tag != Argument.TensorsTag) continue;
            foreach (var handle in new ReadOnlySpan<nint>((void*)results[i].Pointer, results[i].Length)) tensors.Add(new Tensor(handle));
            Native.cpt_array_free(results[i].Pointer);
        }

        return [.. tensors];
    }

    /// <summary>Calls an operator whose result is a number or a truth value.</summary>
    /// <exception cref="TorchException">The operator is missing, or it refused its arguments.</exception>
    public unsafe Scalar CallScalar(params ReadOnlySpan<Argument> arguments)
    {
        Argument result;
        int count;
        fixed (Argument* first = arguments) count = Native.cpt_call(Handle, first, arguments.Length, &result, 1);
        if (count < 0) throw Native.Error(FullName);
        return Scalar.From(result);
    }

    private static unsafe void Release(in Argument result)
    {
        if (result.Tag == Argument.TensorTag) Native.cpt_tensor_free(result.Pointer);
        if (result.Tag == Argument.TensorsTag) Native.cpt_tensor_free_many((nint*)result.Pointer, result.Length);
        if (result.Tag is Argument.TensorsTag or Argument.IntegersTag) Native.cpt_array_free(result.Pointer);
    }

    public override string ToString() => FullName;
}

namespace Cpt.Torch;

/// <summary>Values in and out.</summary>
public sealed partial class Tensor
{
    /// <summary>The value of a tensor with one element.</summary>
    /// <typeparam name="T">float, double, long, int or bool; the value is converted.</typeparam>
    /// <exception cref="TorchException">It has more or fewer than one element.</exception>
    public T item<T>()
        where T : unmanaged => ToScalar().To<T>();

    /// <summary>The value of a tensor with one element, as it is.</summary>
    /// <exception cref="TorchException">It has more or fewer than one element.</exception>
    public unsafe Scalar ToScalar()
    {
        Argument value;
        Native.Check(Native.cpt_tensor_item(Handle, &value), "item");
        GC.KeepAlive(this);
        return Scalar.From(value);
    }

    /// <summary>Copies the elements out in row-major order, from any device.</summary>
    /// <typeparam name="T">The type with the element type's bits: float, double, Half, BFloat16, long, int, short, sbyte, byte, bool.</typeparam>
    /// <exception cref="ArgumentException">The tensor's elements are of another type.</exception>
    public T[] data<T>()
        where T : unmanaged
    {
        var elements = new T[numel()];
        CopyTo(elements.AsSpan());
        return elements;
    }

    /// <summary>Copies the elements out in row-major order, from any device.</summary>
    /// <exception cref="ArgumentException">The tensor's elements are of another type, or the span is not as long as the tensor.</exception>
    public unsafe void CopyTo<T>(Span<T> destination)
        where T : unmanaged
    {
        Expect<T>(destination.Length);
        fixed (T* first = destination) Native.Check(Native.cpt_tensor_read(Handle, first, (long)destination.Length * sizeof(T)), "data");
        GC.KeepAlive(this);
    }

    /// <summary>Overwrites the elements in row-major order, on any device and with any strides.</summary>
    /// <exception cref="ArgumentException">The tensor's elements are of another type, or the span is not as long as the tensor.</exception>
    public unsafe Tensor CopyFrom<T>(ReadOnlySpan<T> source)
        where T : unmanaged
    {
        Expect<T>(source.Length);
        fixed (T* first = source) Native.Check(Native.cpt_tensor_write(Handle, first, (long)source.Length * sizeof(T)), "CopyFrom");
        GC.KeepAlive(this);
        return this;
    }

    private void Expect<T>(int length)
        where T : unmanaged
    {
        if (ScalarTypes.Of<T>() != dtype) throw new ArgumentException($"the tensor holds {dtype}; {typeof(T).Name} has the bits of {ScalarTypes.Of<T>()}");
        if (length != numel()) throw new ArgumentException($"the tensor has {numel()} elements, the span {length}");
    }
}

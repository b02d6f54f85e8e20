namespace Cpt.Torch;

/// <summary>libtorch's functions under PyTorch's names.</summary>
public static partial class torch
{
    public static Device CPU => new(DeviceType.CPU);

    public static Device CUDA => new(DeviceType.CUDA);

    public const ScalarType uint8 = ScalarType.Byte, int32 = ScalarType.Int32, int64 = ScalarType.Int64, float16 = ScalarType.Float16,
        float32 = ScalarType.Float32, float64 = ScalarType.Float64, bfloat16 = ScalarType.BFloat16, @bool = ScalarType.Bool;

    /// <summary>A tensor with a copy of the values, in row-major order; without a shape it has one dimension.</summary>
    /// <exception cref="TorchException">The number of values is not what the shape says.</exception>
    public static unsafe Tensor tensor<T>(ReadOnlySpan<T> values, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        if (shape.Length == 0) return tensor(values, [values.Length]);
        fixed (T* data = values)
        fixed (long* sizes = shape)
        {
            // An empty span has no address, and without one the memory would be taken for uninitialised.
            var nowhere = default(T);
            return new Tensor(Native.Check(Native.cpt_tensor_new(data == null ? &nowhere : data, (long)values.Length * sizeof(T), sizes, shape.Length, (int)ScalarTypes.Of<T>()), "tensor"));
        }
    }

    /// <inheritdoc cref="tensor{T}(ReadOnlySpan{T}, ReadOnlySpan{long})"/>
    public static Tensor tensor<T>(T[] values, params ReadOnlySpan<long> shape)
        where T : unmanaged => tensor((ReadOnlySpan<T>)values, shape);

    /// <summary>A tensor with one element and no dimension.</summary>
    public static Tensor scalar_tensor(Scalar value, ScalarType dtype = ScalarType.Float32) => full([], value, dtype);

    /// <summary>A tensor over memory of the caller, which must stay where it is as long as the tensor or a view of it lives.</summary>
    public static unsafe Tensor from_blob(nint data, ReadOnlySpan<long> shape, ScalarType dtype)
    {
        fixed (long* sizes = shape)
            return new Tensor(Native.Check(Native.cpt_tensor_from_blob((void*)data, sizes, shape.Length, (int)dtype), "from_blob"));
    }

    /// <summary>A tensor whose values are whatever the memory held.</summary>
    public static unsafe Tensor empty(ReadOnlySpan<long> shape, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        fixed (long* sizes = shape) return Ops.Empty.Call(Argument.Integers(sizes, shape.Length), dtype, Argument.None, device ?? CPU);
    }

    public static unsafe Tensor zeros(ReadOnlySpan<long> shape, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        fixed (long* sizes = shape) return Ops.Zeros.Call(Argument.Integers(sizes, shape.Length), dtype, Argument.None, device ?? CPU);
    }

    public static unsafe Tensor ones(ReadOnlySpan<long> shape, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        fixed (long* sizes = shape) return Ops.Ones.Call(Argument.Integers(sizes, shape.Length), dtype, Argument.None, device ?? CPU);
    }

    public static unsafe Tensor full(ReadOnlySpan<long> shape, Scalar value, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        fixed (long* sizes = shape) return Ops.Full.Call(Argument.Integers(sizes, shape.Length), value, dtype, Argument.None, device ?? CPU);
    }

    /// <summary>0, 1, … up to, not including, <paramref name="stop"/>.</summary>
    public static Tensor arange(Scalar stop, ScalarType dtype = ScalarType.Int64, Device? device = null) => arange(0, stop, 1, dtype, device);

    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType dtype = ScalarType.Int64, Device? device = null) =>
        Ops.Arange.Call(start, stop, step, dtype, Argument.None, device ?? CPU);

    public static Tensor eye(long n, ScalarType dtype = ScalarType.Float32, Device? device = null) => Ops.Eye.Call(n, dtype, Argument.None, device ?? CPU);

    /// <summary>Normal deviates.</summary>
    public static unsafe Tensor randn(ReadOnlySpan<long> shape, Generator? generator = null, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        fixed (long* sizes = shape)
            return Ops.RandN.Call(Argument.Integers(sizes, shape.Length), Generator.ArgumentOf(generator), dtype, Argument.None, device ?? CPU);
    }

    /// <summary>Deviates from [0, 1).</summary>
    public static unsafe Tensor rand(ReadOnlySpan<long> shape, Generator? generator = null, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        fixed (long* sizes = shape)
            return Ops.Rand.Call(Argument.Integers(sizes, shape.Length), Generator.ArgumentOf(generator), dtype, Argument.None, device ?? CPU);
    }

    /// <summary>Integers from low up to, not including, high.</summary>
    public static unsafe Tensor randint(long low, long high, ReadOnlySpan<long> shape, Generator? generator = null, ScalarType dtype = ScalarType.Int64, Device? device = null)
    {
        fixed (long* sizes = shape)
            return Ops.RandInt.Call(low, high, Argument.Integers(sizes, shape.Length), Generator.ArgumentOf(generator), dtype, Argument.None, device ?? CPU);
    }

    /// <summary>The numbers 0 … n − 1 in random order.</summary>
    public static Tensor randperm(long n, Generator? generator = null) => Ops.RandPerm.Call(n, Generator.ArgumentOf(generator));

    public static Tensor zeros_like(Tensor other, ScalarType? dtype = null) => Ops.ZerosLike.Call(other, Argument.From(dtype));

    public static Tensor ones_like(Tensor other, ScalarType? dtype = null) => Ops.OnesLike.Call(other, Argument.From(dtype));

    public static Tensor empty_like(Tensor other, ScalarType? dtype = null) => Ops.EmptyLike.Call(other, Argument.From(dtype));

    public static Tensor full_like(Tensor other, Scalar value, ScalarType? dtype = null) => Ops.FullLike.Call(other, value, Argument.From(dtype));
}

namespace Cpt.Torch;

/// <summary>What a tensor is: sizes, strides, element type, device.</summary>
public sealed partial class Tensor
{
    /// <summary>The sizes of its dimensions.</summary>
    public long[] shape => Extents(strides: false);

    /// <summary>For each dimension, how many elements lie between neighbours.</summary>
    public long[] strides => Extents(strides: true);

    public ScalarType dtype
    {
        get
        {
            var type = Native.Check(Native.cpt_tensor_dtype(Handle), "dtype");
            GC.KeepAlive(this);
            return (ScalarType)type;
        }
    }

    public unsafe Device device
    {
        get
        {
            int index;
            var type = Native.Check(Native.cpt_tensor_device(Handle, &index), "device");
            GC.KeepAlive(this);
            return new Device((DeviceType)type, index);
        }
    }

    public bool is_cuda => device.type == DeviceType.CUDA;

    /// <summary>The number of dimensions; 0 for a single number.</summary>
    public int dim()
    {
        var count = Native.cpt_tensor_dim(Handle);
        GC.KeepAlive(this);
        return count;
    }

    /// <summary>The size of one dimension; −1 is the last one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such dimension.</exception>
    public unsafe long size(int dimension)
    {
        var sizes = stackalloc long[MaximumDimensions];
        var count = Native.Check(Native.cpt_tensor_sizes(Handle, sizes, MaximumDimensions), "size");
        GC.KeepAlive(this);
        var index = dimension < 0 ? dimension + count : dimension;
        if (index < 0 || index >= count) throw new ArgumentOutOfRangeException(nameof(dimension), dimension, $"the tensor has {count} dimensions");
        return sizes[index];
    }

    /// <summary>The number of elements.</summary>
    public long numel()
    {
        var count = Native.cpt_tensor_numel(Handle);
        GC.KeepAlive(this);
        return count;
    }

    /// <summary>Whether its elements lie in memory without gaps in row-major order.</summary>
    public bool is_contiguous()
    {
        var answer = Native.Check(Native.cpt_tensor_is_contiguous(Handle), "is_contiguous") != 0;
        GC.KeepAlive(this);
        return answer;
    }

    /// <summary>The address of its first element; the caller keeps the tensor alive.</summary>
    public nint data_ptr() => Native.Check(Native.cpt_tensor_data(Handle), "data_ptr");

    private const int MaximumDimensions = 64;

    private unsafe long[] Extents(bool strides)
    {
        var extents = stackalloc long[MaximumDimensions];
        var count = strides ? Native.cpt_tensor_strides(Handle, extents, MaximumDimensions) : Native.cpt_tensor_sizes(Handle, extents, MaximumDimensions);
        Native.Check(count, strides ? "strides" : "shape");
        GC.KeepAlive(this);
        return new ReadOnlySpan<long>(extents, count).ToArray();
    }
}

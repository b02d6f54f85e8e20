namespace Cpt.Torch;

/// <summary>Other element types, devices and copies.</summary>
public sealed partial class Tensor
{
    private const long PreserveFormat = 1;

    /// <summary>The tensor itself where it has this type already, else a converted copy.</summary>
    public Tensor to(ScalarType type) => Ops.ToType.Call(this, type);

    public Tensor to(Device device) => to(device, dtype);

    public Tensor to(Device device, ScalarType type) => Ops.ToDevice.Call(this, device, type);

    /// <summary>
    /// Values that were just made on the host, on the device: by way of pinned memory, so that the host does not wait here until the device has done all that was asked of it before.
    /// </summary>
    public Tensor upload(Device device)
    {
        if (device.type == DeviceType.CPU) return this;
        // libtorch keeps the pinned memory until the copy is done.
        using var pinned = Ops.PinMemory.Call(this, Argument.None);
        const bool nonBlocking = true;
        return Ops.ToDevice.Call(pinned, device, dtype, nonBlocking);
    }

    public Tensor cpu() => to(torch.CPU);

    public Tensor cuda(int index = -1) => to(new Device(DeviceType.CUDA, index));

    public Tensor @float() => to(ScalarType.Float32);

    public Tensor @double() => to(ScalarType.Float64);

    public Tensor @long() => to(ScalarType.Int64);

    public Tensor @bool() => to(ScalarType.Bool);

    public Tensor bfloat16() => to(ScalarType.BFloat16);

    /// <summary>A copy with its own memory; gradients flow through it.</summary>
    public Tensor clone() => Ops.Clone.Call(this, PreserveFormat);

    /// <summary>The same memory outside the graph.</summary>
    public Tensor detach() => Ops.Detach.Call(this);
}

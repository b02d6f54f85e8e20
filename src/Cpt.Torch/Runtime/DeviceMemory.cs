namespace Cpt.Torch;

/// <summary>Memory of a device as libtorch counts it, in bytes.</summary>
/// <param name="Allocated">In tensors now.</param>
/// <param name="PeakAllocated">In tensors at most.</param>
/// <param name="Reserved">Taken from the device now, what is kept for later included.</param>
/// <param name="PeakReserved">Taken at most.</param>
public sealed record DeviceMemory(long Allocated, long PeakAllocated, long Reserved, long PeakReserved)
{
    /// <param name="bytes">The four in this order; all 0 where libtorch does not tell.</param>
    internal static DeviceMemory? Of(ReadOnlySpan<long> bytes) => bytes is [var allocated, > 0 and var peak, var reserved, var most] ? new(allocated, peak, reserved, most) : null;
}

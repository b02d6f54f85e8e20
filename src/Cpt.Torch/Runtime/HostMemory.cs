namespace Cpt.Torch;

/// <summary>Bytes that libtorch holds for tensors in the host's memory. Counted from the first call on; of a CPU model this is what <see cref="DeviceMemory"/> is of a GPU's.</summary>
public static class HostMemory
{
    /// <summary>Held now.</summary>
    public static long Allocated() => Read(reset: false).Now;

    /// <summary>Held at most since the last <see cref="ResetPeak"/>.</summary>
    public static long PeakAllocated() => Read(reset: false).Peak;

    public static void ResetPeak() => Read(reset: true);

    private static unsafe (long Now, long Peak) Read(bool reset)
    {
        var bytes = stackalloc long[2];
        Native.Check(Native.cpt_host_memory(bytes, reset ? 1 : 0), "host_memory");
        return (bytes[0], bytes[1]);
    }
}

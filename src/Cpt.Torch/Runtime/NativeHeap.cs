using System.Runtime.InteropServices;

namespace Cpt.Torch;

/// <summary>
/// The C heap that tensors live in. A training step frees and asks again for the same megabytes; glibc would give every such block back to the
/// kernel and take it zeroed, page fault by page fault, which was a quarter of a step's time.
/// </summary>
internal static partial class NativeHeap
{
    private const int TrimThreshold = -1;
    private const int MmapThreshold = -3;

    // The most that glibc takes; larger blocks are still mapped one by one.
    private const int LargestKeptBlock = 32 << 20;
    private const int LargestKeptTop = 512 << 20;

    /// <summary>Freed blocks stay with the process, up to <see cref="LargestKeptTop"/> at the heap's end. Does nothing where the C library is not glibc.</summary>
    public static void KeepFreedBlocks()
    {
        if (Environment.GetEnvironmentVariable("GLIBC_TUNABLES") is { Length: > 0 }) return;
        try
        {
            _ = mallopt(MmapThreshold, LargestKeptBlock);
            _ = mallopt(TrimThreshold, LargestKeptTop);
        }
        catch (EntryPointNotFoundException)
        {
            // musl's heap has no such options.
        }
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}

using System.Globalization;
using Cpt.Torch;

namespace Cpt.Trainer.Measuring;

/// <summary>Device memory as people read it.</summary>
internal static class MemoryText
{
    public static string Peak(DeviceMemory memory) => $"tensors had {Amount(memory.PeakAllocated)} at most, {Amount(memory.PeakReserved)} were taken from the device";

    private static string Amount(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):F1} GiB");
}

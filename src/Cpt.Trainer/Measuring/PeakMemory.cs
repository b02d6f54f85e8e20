using System.Globalization;

namespace Cpt.Trainer.Measuring;

/// <summary>Largest resident set this process ever had.</summary>
internal static class PeakMemory
{
    /// <returns>Bytes; 0 where the kernel does not tell.</returns>
    public static long Bytes()
    {
        try
        {
            var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.Integer, CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}

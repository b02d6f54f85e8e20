using System.Globalization;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>What Linux says about one process.</summary>
internal static class ProcessFacts
{
    private const double TicksPerSecond = 100;

    /// <summary>Seconds of all its threads on a core, in the kernel too.</summary>
    public static double CpuSeconds(int process)
    {
        var text = File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Seconds in which cores of the machine did anything, whoever for.</summary>
    public static double BusySeconds()
    {
        double[] fields = [.. File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(field => double.Parse(field, CultureInfo.InvariantCulture))];
        // user nice system idle iowait irq softirq steal …
        return (fields.Take(8).Sum() - fields[3] - fields[4]) / TicksPerSecond;
    }

    /// <summary>What lies in RAM, and what would be free without it: pages shared with other processes count in parts.</summary>
    public static MemoryUse Memory(int process)
    {
        var lines = File.ReadAllLines($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/smaps_rollup");
        return new(Kilobytes("Rss:") * 1024, Kilobytes("Pss:") * 1024);

        long Kilobytes(string name) =>
            long.Parse(lines.First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}

/// <param name="ResidentBytes">RSS.</param>
/// <param name="ProportionalBytes">PSS.</param>
internal sealed record MemoryUse(long ResidentBytes, long ProportionalBytes);

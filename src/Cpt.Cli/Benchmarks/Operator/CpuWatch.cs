using System.Diagnostics;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>Who used the processor between two moments.</summary>
internal sealed class CpuWatch(IReadOnlyDictionary<string, int> processes)
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly double _busy = ProcessFacts.BusySeconds();
    private readonly Dictionary<string, double> _before = processes.ToDictionary(process => process.Key, process => ProcessFacts.CpuSeconds(process.Value), StringComparer.Ordinal);

    /// <param name="phase">What went on meanwhile.</param>
    public CpuReport Stop(string phase)
    {
        var seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        var cores = processes.ToDictionary(process => process.Key, process => (ProcessFacts.CpuSeconds(process.Value) - _before[process.Key]) / seconds, StringComparer.Ordinal);
        var busy = (ProcessFacts.BusySeconds() - _busy) / seconds;
        cores["others"] = Math.Max(0, busy - cores.Values.Sum());
        return new(phase, seconds, cores, busy);
    }
}

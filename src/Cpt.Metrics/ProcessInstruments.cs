using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Cpt.Metrics;

/// <summary>What Prometheus' client libraries tell of every process, under their names.</summary>
public static class ProcessInstruments
{
    public static void AddTo(Meter meter)
    {
        meter.CreateObservableGauge("process_resident_memory_bytes", () => (double)Environment.WorkingSet, description: "Resident memory size in bytes.");
        meter.CreateObservableGauge(
            "process_start_time_seconds",
            () => new DateTimeOffset(Process.GetCurrentProcess().StartTime).ToUnixTimeMilliseconds() / 1000.0,
            description: "Start time of the process since unix epoch in seconds.");
        meter.CreateObservableCounter(
            "process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, description: "Total user and system CPU time spent in seconds.");
    }
}

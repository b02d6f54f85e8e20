using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Cpt.Cli.Benchmarks.Trainer;

namespace Cpt.Cli.Studies.Reports;

/// <summary>How a table was made: without it nobody can make it again.</summary>
/// <param name="Command">As one would type it.</param>
/// <param name="Machine">Processor and cores.</param>
/// <param name="Threads">Of each run's trainers; null where it is not on record.</param>
/// <param name="Versions">Of what computed.</param>
/// <param name="At">When.</param>
internal sealed record Origin(string Command, string Machine, int? Threads, string Versions, DateTimeOffset At)
{
    public static Origin Of(StudyDirectory place, TimeProvider time)
    {
        var record = place.Record();
        return new Origin(
            record?.Command ?? "cpt study",
            string.Create(CultureInfo.InvariantCulture, $"{MachineFacts.Processor()}, {Environment.ProcessorCount} cores"),
            record?.Threads,
            $"cpt {typeof(Origin).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}",
            time.GetUtcNow());
    }

    public string Sentence => $"on {Machine}{(Threads is { } threads ? string.Create(CultureInfo.InvariantCulture, $" ({threads} thread{(threads == 1 ? "" : "s")} for each run)") : "")}, with {Versions}, {At.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC";
}

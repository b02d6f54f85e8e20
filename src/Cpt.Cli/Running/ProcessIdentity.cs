using System.Globalization;

namespace Cpt.Cli.Running;

/// <summary>
/// One process and no other: a pid is used again after its process ended, a pid with its start time and the machine's boot is not.
/// </summary>
/// <param name="Pid">As the operating system counts.</param>
/// <param name="StartTime">Clock ticks between boot and the process's start, field 22 of /proc/PID/stat.</param>
/// <param name="Boot">The kernel's id of this boot, since ticks start again at each.</param>
internal sealed record ProcessIdentity(int Pid, long StartTime, string Boot)
{
    /// <summary>Null when there is no such process (any more).</summary>
    public static ProcessIdentity? Of(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }

        // Field 2 is the name in parentheses and may hold spaces and parentheses itself: count from the last one.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var zombie = fields[0] is "Z" or "X";
        return zombie ? null : new ProcessIdentity(pid, long.Parse(fields[19], CultureInfo.InvariantCulture), CurrentBoot);
    }

    public static ProcessIdentity Current { get; } = Of(Environment.ProcessId) ?? new ProcessIdentity(Environment.ProcessId, 0, CurrentBoot);

    private static string CurrentBoot => File.Exists("/proc/sys/kernel/random/boot_id") ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() : "";

    public bool IsAlive => Of(Pid) == this;
}

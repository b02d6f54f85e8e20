using System.Runtime.InteropServices;

namespace Cpt.Trainer.Workers;

internal static partial class Processes
{
    /// <returns>0, or −1 when there is no such process.</returns>
    public static int Signal(int process, int signal) => Kill(process, signal);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cpt.Tests;

/// <summary>The workers that a launcher has started, as the kernel knows them.</summary>
internal static class WorkerProcesses
{
    /// <returns>Process ids, by rank.</returns>
    public static int[] Of(int launcher) =>
    [
        .. Directory.EnumerateDirectories($"/proc/{launcher}/task")
            .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(child => (Id: int.Parse(child, System.Globalization.CultureInfo.InvariantCulture), Rank: Rank(child)))
            .OrderBy(child => child.Rank)
            .Select(child => child.Id),
    ];

    public static void Signal(int process, int signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private static int Rank(string process) => int.Parse(
        Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{process}/environ")).Split('\0').Single(entry => entry.StartsWith("RANK=", StringComparison.Ordinal))["RANK=".Length..],
        System.Globalization.CultureInfo.InvariantCulture);
}

internal static class Ports
{
    public static string Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Cpt.EndToEnd.Tests.Faults;

/// <summary>What goes wrong in a cluster, done for real.</summary>
internal static class Faults
{
    /// <summary>
    /// Something else in the pod's cgroup takes memory until the kernel ends a process. That is the trainer: a pod with a request has a higher oom_score_adj than this process, which then
    /// takes what is left and ends as well.
    /// </summary>
    public static async Task RunOutOfMemoryAsync(JsonNode pod)
    {
        var cgroup = CgroupOf(pod);
        // tail keeps what it reads until it sees the end of a line, and there is none.
        await Program.RunAsync("/bin/sh", ["-c", "echo $$ > \"$1/cgroup.procs\" && exec tail -n 1 /dev/zero", "hog", cgroup]);
    }

    /// <summary>Stops a trainer where it is, as a machine does that has no time for it: it is still there when the kubelet comes to look.</summary>
    public static async Task FreezeAsync(JsonNode pod) => (await Program.RunAsync("/bin/sh", ["-c", "kill -STOP $(cat \"$1/cgroup.procs\")", "freeze", CgroupOf(pod)])).Succeeded();

    /// <summary>The kubelet throws a pod out that uses more of the node's disk than its limit says.</summary>
    /// <param name="directory">The cluster's.</param>
    /// <param name="pod">Has a limit of ephemeral-storage.</param>
    /// <param name="bytes">More than that.</param>
    public static void FillItsDisk(string directory, JsonNode pod, long bytes)
    {
        var volume = Path.Combine(directory, "var", "lib", "kubelet", "pods", (string)pod["metadata"]!["uid"]!, "volumes", "kubernetes.io~empty-dir", "cpt-tmp");
        Assert.True(System.IO.Directory.Exists(volume), volume);
        using var file = File.Create(Path.Combine(volume, "too-much"));
        var chunk = new byte[1 << 20];
        Random.Shared.NextBytes(chunk);
        for (var written = 0L; written < bytes; written += chunk.Length)
        {
            file.Write(chunk);
        }

        file.Flush(flushToDisk: true);
    }

    private static string CgroupOf(JsonNode pod)
    {
        var uid = (string)pod["metadata"]!["uid"]!;
        var container = ((string)pod["status"]!["containerStatuses"]![0]!["containerID"]!).Split("://")[1];
        return System.IO.Directory.EnumerateDirectories("/sys/fs/cgroup", "*" + container + "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
            .Where(path => path.Contains(uid, StringComparison.Ordinal) || path.Contains(uid.Replace('-', '_'), StringComparison.Ordinal))
            .First(path => File.Exists(Path.Combine(path, "memory.limit_in_bytes")) || File.Exists(Path.Combine(path, "memory.max")));
    }

    public static Task ScriptAsync(string script, params string[] arguments) => ScriptAsync(script, (IEnumerable<string>)arguments);

    private static async Task ScriptAsync(string script, IEnumerable<string> arguments) =>
        (await Program.RunAsync(Path.Combine(Repository.Root, "eng", "cluster", script), arguments)).Succeeded();

    /// <summary>How long an outage lasts; it is no wait for a condition.</summary>
    public static async Task OutageAsync(TimeSpan length)
    {
        var begun = Stopwatch.GetTimestamp();
        await Task.Delay(length, TestContext.Current.CancellationToken);
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"outage of {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s"));
    }
}

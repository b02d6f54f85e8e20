using System.Diagnostics;
using Cpt.Tests.Cluster;

namespace Cpt.Cluster.Tests;

/// <summary>What there is of a cluster on this machine. Remembers the cluster's names, so that it can be asked when the cluster is gone.</summary>
internal sealed class Traces
{
    private readonly string _directory;
    private readonly string _network;
    private readonly string _range;

    public Traces(NodeCluster cluster)
        : this(cluster.Directory)
    {
    }

    public Traces(string directory)
    {
        _directory = directory;
        var start = File.ReadAllText(Path.Combine(directory, "network")).Trim();
        _network = "cpt-" + start.Replace('.', '-');
        _range = start + ".0/20";
    }

    /// <summary>Command lines of processes that name the cluster's directory, or run in one of its cgroups.</summary>
    public IEnumerable<string> Processes()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(name => char.IsDigit(Path.GetFileName(name)[0])))
        {
            var (command, cgroups) = (Read(process, "cmdline").Replace('\0', ' '), Read(process, "cgroup"));
            if (command.Contains(_directory, StringComparison.Ordinal) || cgroups.Contains('/' + _network, StringComparison.Ordinal))
            {
                yield return command;
            }
        }
    }

    public IEnumerable<string> Cgroups() => Directory.EnumerateDirectories("/sys/fs/cgroup", _network, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 });

    public IEnumerable<string> Mounts() => File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(_directory, StringComparison.Ordinal) || line.Contains(_network, StringComparison.Ordinal));

    /// <summary>Which of the things with a name are there.</summary>
    public IEnumerable<string> Named()
    {
        var things = new Dictionary<string, bool>(StringComparer.Ordinal)
        {
            ["card"] = Directory.Exists("/sys/class/net/" + _network),
            ["directory"] = Directory.Exists(_directory),
            ["link"] = new FileInfo("/run/cpt-cluster/" + _network).LinkTarget is not null,
            ["namespace"] = File.Exists("/run/netns/" + _network),
            ["route"] = Output("ip", "-4", "route", "show", _range).Length > 0,
        };
        return things.Where(thing => thing.Value).Select(thing => thing.Key).Order(StringComparer.Ordinal);
    }

    private static string Read(string process, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, file));
        }
        catch (IOException)
        {
            return ""; // it has just ended
        }
    }

    private static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}

namespace Cpt.Cli.Running;

/// <summary>Where one run keeps its state on this machine; README text for people is in docs/cli.md.</summary>
/// <param name="root">The directory.</param>
/// <param name="volumes">Of whom it has its volumes; null: they are its own.</param>
internal sealed class WorkDirectory(string root, string? volumes = null)
{
    /// <summary>Absolute.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>The manifest as it was given, for people.</summary>
    public string ManifestFile => Path.Combine(Root, "run.yaml");

    /// <summary>The run as it was understood: seed chosen, URIs absolute.</summary>
    public string RunFile => Path.Combine(Root, "run.json");

    public string StatusFile => Path.Combine(Root, "status.json");

    public string LockFile => Path.Combine(Root, "lock");

    /// <summary>Who holds the lock.</summary>
    public string RunnerFile => Path.Combine(Root, "runner.json");

    public string JobsDirectory => Path.Combine(Root, "jobs");

    /// <summary>What pvc://claim/… means here.</summary>
    public string VolumesDirectory => volumes ?? Path.Combine(Root, "volumes");

    public string CacheDirectory => Path.Combine(Root, "cache");

    public string ReportFile => Path.Combine(Root, "report.html");

    public string JobFile(string job) => Path.Combine(JobsDirectory, job + ".json");

    public string LogFile(string job) => Path.Combine(Root, "logs", job + ".jsonl");

    public string ErrorLogFile(string job) => Path.Combine(Root, "logs", job + ".stderr.log");

    public string StageDirectory(string job) => Path.Combine(Root, "stages", job);

    public string StageFile(string job) => Path.Combine(StageDirectory(job), "stage.json");

    /// <summary>The trainer's last word, as in a pod's termination message.</summary>
    public string TerminationFile(string job) => Path.Combine(StageDirectory(job), "result.json");

    /// <summary>For messages: relative where that is shorter.</summary>
    public static string Shorten(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.Length < path.Length ? relative : path;
    }
}

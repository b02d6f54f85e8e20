using System.Text.Json;
using Cpt.Api;
using Cpt.Cli.Running;

namespace Cpt.Cli.Studies;

/// <summary>Where a study keeps its state on this machine: each run in a directory of its own, as <c>cpt run</c> has it, and one set of volumes for all.</summary>
internal sealed class StudyDirectory(string root)
{
    /// <summary>Absolute.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>The manifest as it was given.</summary>
    public string ManifestFile => Path.Combine(Root, "study.yaml");

    /// <summary>The study as it was read.</summary>
    public string StudyFile => Path.Combine(Root, "study.json");

    /// <summary>A <see cref="StudyRecord"/>.</summary>
    public string RecordFile => Path.Combine(Root, "machine.json");

    public string ReportFile => Path.Combine(Root, "report.html");

    public string CsvFile => Path.Combine(Root, "results.csv");

    public string MarkdownFile => Path.Combine(Root, "results.md");

    /// <summary>Its lock file is that of a run's directory: one command at a time works here.</summary>
    public WorkDirectory Own => new(Root);

    public bool Exists => File.Exists(StudyFile);

    private string Volumes => Path.Combine(Root, "volumes");

    public WorkDirectory Run(string name) => new(Path.Combine(Root, "runs", name), Volumes);

    /// <summary>
    /// Volumes are shared, since equal stages are; a link makes every run's directory whole, so that <c>cpt report --workdir</c> and the like find there what <c>pvc://</c> means.
    /// </summary>
    public WorkDirectory Prepare(string name)
    {
        var work = Run(name);
        Directory.CreateDirectory(work.Root);
        Directory.CreateDirectory(Volumes);
        var link = Path.Combine(work.Root, "volumes");
        if (!Directory.Exists(link))
        {
            Directory.CreateSymbolicLink(link, Path.Combine("..", "..", "volumes"));
        }

        return work;
    }

    /// <summary>Null before the first start, and where it cannot be read.</summary>
    public StudyRecord? Record()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(RecordFile), CliJson.Default.StudyRecord);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    public void Store(StudySource source, StudyRecord record)
    {
        AtomicFile.Write(ManifestFile, source.Text);
        AtomicFile.Write(RecordFile, JsonSerializer.Serialize(record, CliJson.Default.StudyRecord));
        // Last: where it stands, a study was started.
        AtomicFile.Write(StudyFile, JsonSerializer.Serialize(source.Study, ApiJson.Default.ContinualStudy));
    }
}

/// <summary>What a study must find again when it goes on.</summary>
/// <param name="Directory">Of its manifest.</param>
/// <param name="Threads">Of each run's trainers. Sums of floating-point numbers depend on it, so it stays the same for the whole study, whatever runs beside.</param>
/// <param name="Command">That started it last, as one would type it.</param>
internal sealed record StudyRecord(string Directory, int Threads, string Command);

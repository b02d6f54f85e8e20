using System.Text.Json;
using Cpt.Api;
using Cpt.Cli.Running;
using Cpt.Cli.Status;

namespace Cpt.Cli.Reporting;

/// <summary>A run as the report takes it, wherever it ran.</summary>
internal sealed record ReportSource
{
    /// <summary>As its owner wrote it.</summary>
    public required ContinualRun Run { get; init; }

    public required StatusDocument Status { get; init; }

    public string? BaseModelDigest { get; init; }

    /// <summary>The text of the manifest.</summary>
    public required string Manifest { get; init; }

    /// <summary>Time spent on a stage, all attempts together; null where nobody wrote it down.</summary>
    public required Func<string, double?> SecondsOf { get; init; }

    /// <summary>Why nothing from storage is shown.</summary>
    public string? StorageNote { get; init; }

    public static ReportSource OfLocal(RunSource source, ContinualRunStatus? status, WorkDirectory work, bool active, TimeProvider time)
    {
        var jobs = JobRecord.LoadAll(work);
        return new ReportSource
        {
            Run = source.Run,
            Status = StatusDocuments.Build(source.Run, status, work, active),
            BaseModelDigest = status?.BaseModelDigest,
            Manifest = source.Text,
            SecondsOf = stage => jobs.Where(job => job.Stage == stage).ToList() is { Count: > 0 } attempts ? attempts.Sum(job => ((job.FinishedAt ?? time.GetUtcNow()) - job.StartedAt).TotalSeconds) : null,
        };
    }

    /// <summary>Jobs of a cluster come and go: of a stage only its first beginning and its end are on record, waits between attempts included.</summary>
    public static ReportSource OfCluster(ContinualRun run)
    {
        var status = StatusDocuments.OfCluster(run);
        return new ReportSource
        {
            Run = run,
            Status = status,
            BaseModelDigest = run.Status?.BaseModelDigest,
            Manifest = YamlText.Of(JsonSerializer.SerializeToNode(Written(run), ApiJson.Default.ContinualRun)),
            SecondsOf = name => status.Stages.FirstOrDefault(stage => stage.Name == name)?.DurationSeconds,
        };
    }

    /// <summary>Without what the server added.</summary>
    private static ContinualRun Written(ContinualRun run) => run with
    {
        Metadata = new ObjectMeta { Name = run.Metadata.Name, Namespace = run.Metadata.Namespace, Labels = run.Metadata.Labels },
        Status = null,
    };
}

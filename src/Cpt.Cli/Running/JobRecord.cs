using System.Text.Json;
using System.Text.Json.Serialization;
using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>
/// jobs/&lt;job&gt;.json: one attempt of one stage on this machine, what a Job and its Pod are on a cluster. Written before the trainer starts,
/// so that an attempt's number is never given out twice.
/// </summary>
internal sealed record JobRecord
{
    public required string Name { get; init; }

    public required string Stage { get; init; }

    public required string StageHash { get; init; }

    public required int Attempt { get; init; }

    /// <summary>The run's retry token when it was created.</summary>
    public string RetryToken { get; init; } = "";

    /// <summary>The checkpoint was committed before; only scores were missing.</summary>
    public bool EvaluateOnly { get; init; }

    public required JobState State { get; init; }

    /// <summary>Who looks after it. Once this process is gone, an active record is stale: its trainer died with it.</summary>
    public required ProcessIdentity Runner { get; init; }

    /// <summary>Null until the trainer has started.</summary>
    public ProcessIdentity? Trainer { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public int? ExitCode { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    /// <summary>Steps due, as the trainer said.</summary>
    public int? Steps { get; init; }

    /// <summary>Newest step the trainer reported.</summary>
    public int? Step { get; init; }

    /// <summary>What the trainer said at its end.</summary>
    public StageResult? Result { get; init; }

    [JsonIgnore]
    public bool IsActive => State is JobState.Created or JobState.Running;

    public void Save(WorkDirectory work) => AtomicFile.Write(work.JobFile(Name), JsonSerializer.Serialize(this, CliJson.Default.JobRecord));

    /// <summary>All records of the directory, oldest first.</summary>
    /// <exception cref="CliException">A record cannot be read.</exception>
    public static IReadOnlyList<JobRecord> LoadAll(WorkDirectory work)
    {
        if (!Directory.Exists(work.JobsDirectory))
        {
            return [];
        }

        return [.. Directory.EnumerateFiles(work.JobsDirectory, "*.json").Select(Load).OrderBy(job => job.StartedAt).ThenBy(job => job.Name, StringComparer.Ordinal)];
    }

    private static JobRecord Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), CliJson.Default.JobRecord) ?? throw new JsonException("it is empty");
        }
        catch (JsonException error)
        {
            throw new CliException(ExitCodes.BadData, $"{WorkDirectory.Shorten(path)} is not a job record: {error.Message} Delete it: the stage goes on from its last checkpoint.");
        }
    }
}

[JsonConverter(typeof(JsonStringEnumConverter<JobState>))]
internal enum JobState
{
    /// <summary>Written down, its trainer not started yet.</summary>
    Created,
    Running,
    Succeeded,
    Failed,

    /// <summary>Stopped on request, or its runner went away: no fault of the stage.</summary>
    Preempted,
}

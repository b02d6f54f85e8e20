using System.Text.Json.Serialization;

namespace Cpt.Api;

/// <summary>How one stage stands.</summary>
public sealed record StageStatus
{
    /// <summary>The stage's name.</summary>
    public required string Name { get; init; }

    /// <summary>How it learns.</summary>
    public required Method Method { get; init; }

    /// <summary>Where it stands.</summary>
    public required StageState State { get; init; }

    /// <summary>Names the result: the place of the checkpoint in storage. Fixed when the first attempt starts.</summary>
    public string? StageHash { get; init; }

    /// <summary>Digest of what the manifest asked for when the stage started, without the data's content: shows an edit.</summary>
    public string? SpecHash { get; init; }

    /// <summary>Digest of the task's data when the stage started; left out once it has finished.</summary>
    public string? TaskDigest { get; init; }

    /// <summary>The same for a stage that reads several tasks: its own, then those it replays, each once; left out once it has finished.</summary>
    public IReadOnlyList<string>? TaskDigests { get; init; }

    /// <summary>Number of the last attempt; written before its Job is created.</summary>
    public int Attempts { get; init; }

    /// <summary>The end of every attempt up to this number is part of the counts below.</summary>
    public int JudgedAttempts { get; init; }

    /// <summary>Attempts that failed and were followed by another.</summary>
    public int Retries { get; init; }

    /// <summary>Failed attempts since the last newer checkpoint; <c>maxRetries</c> bounds these.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int FailuresInARow { get; init; }

    /// <summary>Attempts that were taken away: they cost no retry.</summary>
    public int Preemptions { get; init; }

    /// <summary>The attempt that was asked to stop by a suspension, a changed stage or a deadline, if any.</summary>
    public int? StoppedAttempt { get; init; }

    /// <summary>The Job of the last attempt, once it was seen: a number without a Job is one whose Job must still be created.</summary>
    public string? Job { get; init; }

    /// <summary>Digest of the model it committed.</summary>
    public string? CheckpointDigest { get; init; }

    /// <summary>Newest committed step.</summary>
    public int? CheckpointStep { get; init; }

    /// <summary>Train samples that the input model has answered before step 1, of all, for example <c>640/6218</c>; only with an instance filter or self-distillation.</summary>
    public string? Sampled { get; init; }

    /// <summary>Train samples that are learned from, of all that were sampled, for example <c>3917/6218</c>.</summary>
    public string? Kept { get; init; }

    /// <summary>What the probe before the stage found, in one line.</summary>
    public string? Probe { get; init; }

    /// <summary>Steps done of steps due, for example <c>40/200</c>.</summary>
    public string? Progress { get; init; }

    /// <summary>When the progress last moved: the heartbeat is the step, not the process.</summary>
    public DateTimeOffset? ProgressTime { get; init; }

    /// <summary>How far its model has moved from the base model, on prompts of the tasks learned until then: nats a token, where <c>spec.evaluation.drift</c> asks for it.</summary>
    public string? Drift { get; init; }

    /// <summary>When the first attempt began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it finished or failed.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Exit code of the last attempt that ended.</summary>
    public int? LastExitCode { get; init; }

    /// <summary>Why the last attempt ended as it did, for example <c>NonFiniteLoss</c> or <c>Preempted</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>The same in a sentence.</summary>
    public string? Message { get; init; }
}

/// <summary>Where a stage stands.</summary>
public enum StageState
{
    /// <summary>Not its turn, held back, or waiting for a retry.</summary>
    Waiting,

    /// <summary>An attempt has a number, and its Job is not running yet.</summary>
    Pending,

    /// <summary>Training.</summary>
    Running,

    /// <summary>Trained and committed; scores are being made.</summary>
    Evaluating,

    /// <summary>Finished.</summary>
    Succeeded,

    /// <summary>Finished before this run, which took the result over.</summary>
    Reused,

    /// <summary>Given up.</summary>
    Failed,

    /// <summary>Not trained, since the run ended before.</summary>
    Skipped,
}

/// <summary>The accuracy matrix: a row is one text, so that 64 stages fit into one object and a person can read them.</summary>
public sealed record MatrixStatus
{
    /// <summary>Columns: the tasks in chain order.</summary>
    public IReadOnlyList<string> Tasks { get; init => field = value ?? []; } = [];

    /// <summary>For each of them the stage that learns it; left out where that is the stage of the same name.</summary>
    public IReadOnlyList<string>? LearnedIn { get; init; }

    /// <summary>More columns: the benchmarks.</summary>
    public IReadOnlyList<string> Benchmarks { get; init => field = value ?? []; } = [];

    /// <summary>Row 0 is the base model, then one row for every finished stage.</summary>
    public IReadOnlyList<MatrixRowStatus> Rows { get; init => field = value ?? []; } = [];
}

/// <summary>One row of the accuracy matrix.</summary>
public sealed record MatrixRowStatus
{
    /// <summary>The stage after which was scored; empty for the base model.</summary>
    public required string After { get; init; }

    /// <summary>Percent with two decimals, one for each of the matrix's tasks, in one text with blanks between; "-" where nothing was scored.</summary>
    [JsonConverter(typeof(CellsConverter))]
    public IReadOnlyList<string> Tasks { get; init => field = value ?? []; } = [];

    /// <summary>The same for the matrix's benchmarks.</summary>
    [JsonConverter(typeof(CellsConverter))]
    public IReadOnlyList<string> Benchmarks { get; init => field = value ?? []; } = [];
}

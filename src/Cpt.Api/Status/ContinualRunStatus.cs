using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>
/// What is. Nothing here is the only copy of anything: Jobs, checkpoints and evaluations hold the same, so a status that was lost
/// comes back. Numbers are strings with two decimals, in percent, as Kubernetes keeps floating point out of its objects.
/// </summary>
public sealed record ContinualRunStatus
{
    /// <summary>The <c>metadata.generation</c> that this status is about.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Succeeded (the summary), Accepted, StorageReady, Suspended, Stalled.</summary>
    [MapList("type")]
    public IReadOnlyList<Condition> Conditions { get; init => field = value ?? []; } = [];

    /// <summary>The reason of the condition Succeeded, as a column.</summary>
    public string? Reason { get; init; }

    /// <summary>What happens now, in a sentence.</summary>
    public string? Message { get; init; }

    /// <summary>The stage that is worked on.</summary>
    public string? CurrentStage { get; init; }

    /// <summary>Finished of all, for example <c>2/7</c>.</summary>
    public string? StagesDone { get; init; }

    /// <summary>Steps of the current stage, for example <c>40/200</c>.</summary>
    public string? Progress { get; init; }

    /// <summary>Methods of the chain in order of appearance, for example <c>RFT</c> or <c>SFT,RFT</c>.</summary>
    public string? Methods { get; init; }

    /// <summary>When the run became active: at first, after a resume, after a retry.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>When it ended; null while it is active.</summary>
    public DateTimeOffset? CompletionTime { get; init; }

    /// <summary>When the next attempt starts after a failure.</summary>
    public DateTimeOffset? NextRetryTime { get; init; }

    /// <summary>The last <c>spec.retryToken</c> that was acted on.</summary>
    public string? LastRetryToken { get; init; }

    /// <summary>The stage whose gates <c>spec.retryToken</c> let the run go past.</summary>
    public string? GatesPassedAfter { get; init; }

    /// <summary>Fingerprints of the fields that may not change, by path.</summary>
    public IReadOnlyDictionary<string, string>? ImmutableFields { get; init; }

    /// <summary>Digest of the base model's files.</summary>
    public string? BaseModelDigest { get; init; }

    /// <summary>Digest of the newest finished stage's model.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Failed attempts over all stages.</summary>
    public int? Retries { get; init; }

    /// <summary>Preempted attempts over all stages.</summary>
    public int? Preemptions { get; init; }

    /// <summary>Mean score over the tasks learned so far, percent.</summary>
    public string? AverageAccuracy { get; init; }

    /// <summary>Mean change on earlier tasks since each was learned, points; negative = forgotten.</summary>
    public string? Forgetting { get; init; }

    /// <summary>Mean change on earlier tasks since the best score of each, points; negative = forgotten.</summary>
    public string? ForgettingFromPeak { get; init; }

    /// <summary>What learning others did to a task before it was learned, on average over tasks, percent points against the base model; positive = gained. Only with evaluation scope AllTasks.</summary>
    public string? ForwardTransfer { get; init; }

    /// <summary>Scores after every stage.</summary>
    public MatrixStatus? Matrix { get; init; }

    // No map list: one writer owns all of it, and the server's notes on who owns each field of 64 stages would be a fifth of the object.

    /// <summary>One entry for each stage of <c>spec.stages</c>, in order.</summary>
    public IReadOnlyList<StageStatus> Stages { get; init => field = value ?? []; } = [];
}

/// <summary>A condition as Kubernetes' own types have it.</summary>
public sealed record Condition
{
    /// <summary>Succeeded, Accepted, StorageReady, Suspended or Stalled.</summary>
    public required string Type { get; init; }

    /// <summary>True, False or Unknown.</summary>
    public required string Status { get; init; }

    /// <summary>One word, the same as long as nothing changes.</summary>
    public required string Reason { get; init; }

    /// <summary>For people.</summary>
    public string Message { get; init => field = value ?? ""; } = "";

    /// <summary>The generation it was judged on.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>When <see cref="Status"/> last changed.</summary>
    public required DateTimeOffset LastTransitionTime { get; init; }
}

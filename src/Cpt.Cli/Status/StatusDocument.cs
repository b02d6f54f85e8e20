using System.Text.Json.Serialization;

namespace Cpt.Cli.Status;

/// <summary>
/// What <c>cpt status -o json</c> prints, for a run here or on a cluster, <c>cpt run -o json</c> ends with and the report shows. Every score, AvgAcc and FM
/// is in percent, as in the papers; a measure that is not known yet is null. docs/cli.md describes each field.
/// </summary>
internal sealed record StatusDocument
{
    /// <summary>Name of row 0.</summary>
    public const string BaseRow = "base";

    public required string Run { get; init; }

    public required string Namespace { get; init; }

    public required RunState State { get; init; }

    /// <summary>CamelCase, from the run's Succeeded condition.</summary>
    public string? Reason { get; init; }

    public string? Message { get; init; }

    /// <summary>Null on a cluster.</summary>
    public string? Workdir { get; init; }

    /// <summary>The stage that is worked on or stands in the way.</summary>
    public string? CurrentStage { get; init; }

    /// <summary>When the next attempt starts after a failure.</summary>
    public DateTimeOffset? NextRetryTime { get; init; }

    public string Unit { get; init; } = "percent";

    /// <summary>Mean of the last row over the learned tasks.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? AverageAccuracy { get; init; }

    /// <summary>Mean over earlier tasks of (now − right after learning it); negative = forgotten.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? Forgetting { get; init; }

    /// <summary>Mean over earlier tasks of (now − best ever); negative = forgotten.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? ForgettingFromPeak { get; init; }

    /// <summary>Mean over tasks of (before learning it − the base model); positive = others helped. Null unless every task is scored after every stage.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? ForwardTransfer { get; init; }

    /// <summary>Columns of <see cref="Matrix"/>.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    /// <summary>For each of <see cref="Tasks"/> the stage that learns it: its own name, unless the stage learns several.</summary>
    public IReadOnlyList<string> LearnedIn { get; init; } = [];

    /// <summary>Whether a cell of <see cref="Matrix"/> is a task right after it was learned.</summary>
    public bool IsOwn(int row, int column) => row > 0 && Rows[row] == (LearnedIn.Count > column ? LearnedIn[column] : Tasks[column]);

    /// <summary>Names of the rows of <see cref="Matrix"/>: <c>base</c>, then the stages that are finished.</summary>
    public IReadOnlyList<string> Rows { get; init; } = [];

    /// <summary>[i][j]: score on task j after stage i, row 0 the base model; null where it was not scored.</summary>
    public IReadOnlyList<IReadOnlyList<double?>> Matrix { get; init; } = [];

    public IReadOnlyList<BenchmarkStatus> Benchmarks { get; init; } = [];

    public IReadOnlyList<StageStatusDocument> Stages { get; init; } = [];

    /// <summary>Where the HTML report stands, once there is one.</summary>
    public string? Report { get; init; }

    /// <summary>Only on a cluster, where they are the contract with everybody else.</summary>
    public IReadOnlyList<ConditionStatusDocument>? Conditions { get; init; }

    /// <summary>What the cluster noted about the run lately, oldest first; only there.</summary>
    public IReadOnlyList<RunEvent>? Events { get; init; }
}

/// <param name="Type">Succeeded, Accepted, StorageReady, Suspended or Stalled.</param>
/// <param name="Status">True, False or Unknown.</param>
/// <param name="Reason">CamelCase.</param>
/// <param name="Message">For people.</param>
/// <param name="LastTransitionTime">When the status last changed.</param>
internal sealed record ConditionStatusDocument(string Type, string Status, string Reason, string Message, DateTimeOffset LastTransitionTime);

/// <param name="Time">When it was last seen.</param>
/// <param name="Type">Normal or Warning.</param>
/// <param name="Reason">CamelCase.</param>
/// <param name="Object">What it is about: <c>pod/demo-half-a1-x</c>; null for the run itself.</param>
/// <param name="Count">How often.</param>
/// <param name="Message">For people.</param>
internal sealed record RunEvent(DateTimeOffset Time, string Type, string Reason, string? Object, int Count, string Message);

[JsonConverter(typeof(JsonStringEnumConverter<RunState>))]
internal enum RunState
{
    NotStarted,
    Running,

    /// <summary>Nobody works on it and it is not finished: the same command goes on.</summary>
    Interrupted,
    Suspended,
    Succeeded,
    Failed,
}

/// <param name="Name">A general skill, scored after every stage and never trained.</param>
/// <param name="Scores">Percent, one for every row of the matrix.</param>
/// <param name="Drift">Last score minus the base model's.</param>
internal sealed record BenchmarkStatus(string Name, IReadOnlyList<double?> Scores, double? Drift);

internal sealed record StageStatusDocument
{
    public required string Name { get; init; }

    public required string Method { get; init; }

    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c>, …: the planner's word.</summary>
    public required string State { get; init; }

    public int Attempts { get; init; }

    public int Retries { get; init; }

    public int Preemptions { get; init; }

    /// <summary>The result was found in storage and nothing was trained.</summary>
    public bool Reused { get; init; }

    public int? Step { get; init; }

    public int? Steps { get; init; }

    /// <summary>What the probe before the stage found, in one line.</summary>
    public string? Probe { get; init; }

    /// <summary>While an instance filter or self-distillation samples: train samples done of all, <c>640/6218</c>.</summary>
    public string? Sampled { get; init; }

    /// <summary>Train samples that are learned from; only with an instance filter or self-distillation.</summary>
    public int? InstancesKept { get; init; }

    /// <summary>Train samples that were chosen from.</summary>
    public int? Instances { get; init; }

    /// <summary>Until its last step, at the mean speed since its first attempt began; while it trains.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>Of the model this stage committed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? CheckpointDigest { get; init; }

    /// <summary>Divergence from the base model, nats a token; null where it was not measured.</summary>
    public double? Drift { get; init; }

    public string? StageHash { get; init; }

    public double? DurationSeconds { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }
}

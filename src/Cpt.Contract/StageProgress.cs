using System.Text.Json.Serialization;

namespace Cpt.Contract;

/// <summary>GET /progress, and the body of a <see cref="TrainerEvent"/>. The heartbeat is the step, not the process.</summary>
public sealed record StageProgress
{
    public required string Stage { get; init; }

    public required int Attempt { get; init; }

    public required TrainerPhase Phase { get; init; }

    public int Step { get; init; }

    public int Steps { get; init; }

    /// <summary>Newest committed step, 0 before the first.</summary>
    public int CheckpointStep { get; init; }

    public double? Loss { get; init; }

    public double? Reward { get; init; }

    public double? RewardStd { get; init; }

    public double? Kl { get; init; }

    public double? ResponseTokens { get; init; }

    public double? GradientNorm { get; init; }

    public double? LearningRate { get; init; }

    public long Tokens { get; init; }

    public double? TokensPerSecond { get; init; }

    public double? SecondsLeft { get; init; }

    /// <summary>Train samples rolled out before step 1; null where none are.</summary>
    public int? Sampled { get; init; }

    /// <summary>Train samples to be rolled out before step 1.</summary>
    public int? ToSample { get; init; }

    /// <summary>Train samples that are learned from, of <see cref="ToSample"/>; null before that is known.</summary>
    public int? Kept { get; init; }

    /// <summary><see cref="ProbeReport.Summary"/>; null where nothing was probed.</summary>
    public string? Probe { get; init; }

    /// <summary>What is being scored while <see cref="Phase"/> is Evaluating.</summary>
    public string? EvaluatingTask { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<TrainerPhase>))]
public enum TrainerPhase
{
    Starting,
    Loading,

    /// <summary>The input policy answers the train split, before step 1.</summary>
    Sampling,

    /// <summary>The input policy answers some train samples, to say which method has something to learn from.</summary>
    Probing,
    Preflight,
    Training,
    Committing,
    Evaluating,
    Done,
    Stopping,
}

/// <summary>One line of the trainer's standard output when that is not a terminal.</summary>
public sealed record TrainerEvent
{
    public required DateTimeOffset Time { get; init; }

    /// <summary><c>info</c>, <c>warning</c> or <c>error</c>.</summary>
    public string Level { get; init; } = "info";

    /// <summary><c>listening</c>, <c>phase</c>, <c>sampling</c>, <c>probe</c>, <c>step</c>, <c>checkpoint</c>, <c>resumed</c>, <c>evaluation</c>, <c>message</c>, <c>result</c>.</summary>
    public required string Event { get; init; }

    public string? Message { get; init; }

    public StageProgress? Progress { get; init; }

    /// <summary>Of event <c>evaluation</c>, without per-sample records.</summary>
    public TaskScore? Score { get; init; }

    public StageResult? Result { get; init; }
}

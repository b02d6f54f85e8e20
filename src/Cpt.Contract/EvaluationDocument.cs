using System.Text.Json.Serialization;

namespace Cpt.Contract;

/// <summary>evaluation.json: one row of the accuracy matrix with what it rests on.</summary>
public sealed record EvaluationDocument
{
    public int Version { get; init; } = 1;

    /// <summary>The stage's hash, or <see cref="Digests.BaselineHash"/> for row 0.</summary>
    public required string StageHash { get; init; }

    public required string ModelDigest { get; init; }

    public required IReadOnlyList<TaskScore> Scores { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>How far the model has moved from the base model, by task; null where it was not asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DriftScore>? Drift { get; init; }
}

/// <summary>The forward divergence KL(base ‖ model) on prompts of one task.</summary>
public sealed record DriftScore
{
    public required string Task { get; init; }

    public string? TaskDigest { get; init; }

    /// <summary>Nats a token, 0 or more but for rounding.</summary>
    public required double Kl { get; init; }

    /// <summary>Evaluation prompts that were asked.</summary>
    public required int Prompts { get; init; }

    /// <summary>Tokens of the base model's responses.</summary>
    public required long Tokens { get; init; }
}

public sealed record TaskScore
{
    public required string Task { get; init; }

    public required ScoreKind Kind { get; init; }

    /// <summary>Digest of the task that was scored; another digest means the score is stale.</summary>
    public string? TaskDigest { get; init; }

    /// <summary>Mean score, 0..1.</summary>
    public required double Accuracy { get; init; }

    public required int Samples { get; init; }

    /// <summary>Samples right in the previous row and wrong in this one; averages hide these.</summary>
    public int? LostFromPrevious { get; init; }

    /// <summary>Samples wrong in the previous row and right in this one.</summary>
    public int? GainedFromPrevious { get; init; }

    public IReadOnlyList<SampleRecord> Records { get; init; } = [];
}

[JsonConverter(typeof(JsonStringEnumConverter<ScoreKind>))]
public enum ScoreKind
{
    Task,
    Benchmark,
}

/// <param name="Id">The sample's id in its task.</param>
/// <param name="Score">0..1.</param>
/// <param name="Response">What the model said, at most 256 characters.</param>
public sealed record SampleRecord(string Id, double Score, string Response);

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

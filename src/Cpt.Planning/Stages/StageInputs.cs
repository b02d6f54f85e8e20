namespace Cpt.Planning;

/// <summary>What is known about the world when a stage's attempt is made: everything <see cref="StageSpecs"/> needs beside the run.</summary>
public sealed record StageInputs
{
    /// <summary>Digest of the base model.</summary>
    public required string BaseModelDigest { get; init; }

    /// <summary>Hash of the stage before; null for the first stage.</summary>
    public string? InputStageHash { get; init; }

    /// <summary>Digest of what the stage starts from: the base model or the result of the stage before.</summary>
    public required string InputDigest { get; init; }

    /// <summary>Digest of the stage's own task, as it was when the stage started.</summary>
    public string? TaskDigest { get; init; }

    /// <summary>Where the stage reads several tasks, the digests of all, in the order of their URIs in <see cref="TrainedTasks.Uris"/>; else empty.</summary>
    public IReadOnlyList<string> TaskDigests { get; init; } = [];

    internal IReadOnlyList<string?> TrainedDigests => TaskDigests.Count > 0 ? [.. TaskDigests] : [TaskDigest];

    /// <summary>Digests of the tasks and benchmarks to score, by URI; a task whose digest is not known is left out.</summary>
    public IReadOnlyDictionary<string, string> EvaluationDigests { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Row 0 is not complete: this attempt scores the base model as well.</summary>
    public bool Baseline { get; init; }

    /// <summary>1-based.</summary>
    public int Attempt { get; init; } = 1;
}

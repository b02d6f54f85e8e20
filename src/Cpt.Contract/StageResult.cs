namespace Cpt.Contract;

/// <summary>The termination message: at most <see cref="MaxBytes"/> as JSON, so long messages are cut.</summary>
public sealed record StageResult
{
    public const int MaxBytes = 4096;

    public int Version { get; init; } = 1;

    public required string Stage { get; init; }

    public required int Attempt { get; init; }

    public required string StageHash { get; init; }

    public required int ExitCode { get; init; }

    /// <summary>CamelCase: <c>Completed</c>, <c>Stopped</c>, or why it failed.</summary>
    public required string Reason { get; init; }

    public string? Message { get; init; }

    public int Step { get; init; }

    public int Steps { get; init; }

    public string? CheckpointDigest { get; init; }

    /// <summary>Accuracy by task and benchmark, 0..1.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>(StringComparer.Ordinal);

    public long Tokens { get; init; }

    /// <summary><see cref="ProbeReport.Summary"/>; null where nothing was probed.</summary>
    public string? Probe { get; init; }

    /// <summary>Train samples that an instance filter or self-distillation chose from; null without one.</summary>
    public int? Instances { get; init; }

    /// <summary>Of <see cref="Instances"/>, those that are learned from.</summary>
    public int? InstancesKept { get; init; }

    public double DurationSeconds { get; init; }

    /// <summary>Peak resident memory of the trainer, bytes.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>Device memory in tensors at most, bytes; null on a CPU, or where libtorch does not tell.</summary>
    public long? DevicePeakMemoryBytes { get; init; }
}

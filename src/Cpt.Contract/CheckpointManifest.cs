using System.Text.Json.Serialization;

namespace Cpt.Contract;

/// <summary>The commit of a checkpoint. Written last and only once; what has no manifest does not exist.</summary>
public sealed record CheckpointManifest
{
    public int Version { get; init; } = 1;

    public required CheckpointKind Kind { get; init; }

    public required string StageHash { get; init; }

    public required string Namespace { get; init; }

    public required string Run { get; init; }

    public required string Stage { get; init; }

    public required int Attempt { get; init; }

    /// <summary>Steps done.</summary>
    public required int Step { get; init; }

    /// <summary>Steps due. A final manifest with fewer done than due is refused, unless <see cref="StoppedEarly"/>.</summary>
    public required int StepsDue { get; init; }

    /// <summary>The stage met its <c>stopAtAccuracy</c>.</summary>
    public bool StoppedEarly { get; init; }

    /// <summary><see cref="Digests.OfFiles"/> over the files with role Model: the checkpoint's identity.</summary>
    public required string ModelDigest { get; init; }

    public required IReadOnlyList<CheckpointFile> Files { get; init; }

    /// <summary>Digests of the models this one came from, input first.</summary>
    public IReadOnlyList<string> Parents { get; init; } = [];

    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>(StringComparer.Ordinal);

    public string TrainerVersion { get; init; } = "";

    public required DateTimeOffset CreatedAt { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<CheckpointKind>))]
public enum CheckpointKind
{
    Step,
    Final,
}

/// <param name="Path">Relative, forward slashes, inside the checkpoint directory.</param>
/// <param name="Digest">SHA-256 of the content, 64 lowercase hex digits.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Role">Whether it is part of the model, of the trainer's state, or beside both.</param>
public sealed record CheckpointFile(string Path, string Digest, long Size, FileRole Role);

[JsonConverter(typeof(JsonStringEnumConverter<FileRole>))]
public enum FileRole
{
    /// <summary>Part of the Hugging Face directory.</summary>
    Model,

    /// <summary>Optimizer and trainer state, only in intermediate checkpoints.</summary>
    State,

    /// <summary>For people: curves, samples. Never read back into training, but for the adapter of a stage, which <c>lora.orthogonal</c> of a later one reads.</summary>
    Artifact,
}

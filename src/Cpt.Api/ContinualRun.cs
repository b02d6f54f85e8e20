using System.Text.Json.Serialization;

namespace Cpt.Api;

/// <summary>
/// A chain of post-training stages: one base model that learns one task after another, measured after every stage on every task
/// it has learned.
/// </summary>
public sealed record ContinualRun
{
    /// <summary>The group of the API.</summary>
    public const string Group = "cpt.dev";

    /// <summary>The version of the API.</summary>
    public const string Version = "v1alpha1";

    /// <summary>What <see cref="ApiVersion"/> must say.</summary>
    public const string GroupVersion = Group + "/" + Version;

    /// <summary>What <see cref="Kind"/> must say.</summary>
    public const string KindName = "ContinualRun";

    public const string Plural = "continualruns";

    public const string ShortName = "crun";

    /// <summary>Always <c>cpt.dev/v1alpha1</c>.</summary>
    [JsonPropertyOrder(-4)]
    public required string ApiVersion { get; init; }

    /// <summary>Always <c>ContinualRun</c>.</summary>
    [JsonPropertyOrder(-3)]
    public required string Kind { get; init; }

    /// <summary>Name, namespace, labels and annotations.</summary>
    [JsonPropertyOrder(-2)]
    public required ObjectMeta Metadata { get; init; }

    /// <summary>What is wanted.</summary>
    public required ContinualRunSpec Spec { get; init; }

    /// <summary>What is. Written by the operator (or <c>cpt run</c>) alone; can be rebuilt from the Jobs and the storage.</summary>
    public ContinualRunStatus? Status { get; init; }
}

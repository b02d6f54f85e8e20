using System.Text.Json.Serialization;

namespace Cpt.Api;

/// <summary>A comparison: one base run, a patch for each variant of it, and every variant once with every seed.</summary>
public sealed record ContinualStudy
{
    /// <summary>What <see cref="Kind"/> must say.</summary>
    public const string KindName = "ContinualStudy";

    public const string Plural = "continualstudies";

    public const string ShortName = "cstudy";

    /// <summary>Always <c>cpt.dev/v1alpha1</c>.</summary>
    [JsonPropertyOrder(-4)]
    public required string ApiVersion { get; init; }

    /// <summary>Always <c>ContinualStudy</c>.</summary>
    [JsonPropertyOrder(-3)]
    public required string Kind { get; init; }

    /// <summary>Name, namespace, labels and annotations.</summary>
    [JsonPropertyOrder(-2)]
    public required ObjectMeta Metadata { get; init; }

    /// <summary>What is compared.</summary>
    public required ContinualStudySpec Spec { get; init; }

    /// <summary>What is. Written by the operator alone; can be rebuilt from the runs.</summary>
    public ContinualStudyStatus? Status { get; init; }
}

using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Cpt.Api.Reading;
using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>What is compared. Each variant runs once with each seed, as the run <c>&lt;study&gt;-&lt;variant&gt;-&lt;seed&gt;</c>.</summary>
public sealed record ContinualStudySpec : IJsonOnDeserialized
{
    // Not "template", as a Deployment has it: a run has a template itself, that of its pods, and spec.template.template would be read wrongly. Base and patches is how
    // Kustomize calls the same thing.

    /// <summary>
    /// The run that all variants are made from: what stands in <c>spec</c> of a ContinualRun, without <c>seed</c>, <c>suspend</c> and <c>retryToken</c>, which the study gives.
    /// In every <c>uri</c>, <c>{seed}</c> stands for the seed.
    /// </summary>
    public required ContinualRunSpec Base { get; init; }

    /// <summary>What is compared: each is the base with a patch.</summary>
    [Items(1, MaximumVariants)]
    [MapList("name")]
    public required IReadOnlyList<StudyVariant> Variants { get; init; }

    /// <summary>Each variant runs once with each of them. Three show whether a difference is there at all, and five or more how large it is.</summary>
    [Items(1, MaximumSeeds)]
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>Name of the variant that the others are compared with; the first one where it is left out.</summary>
    [DnsLabel]
    public string? Baseline { get; init; }

    /// <summary>Runs at work side by side; 1 where it is left out.</summary>
    [Minimum(1)]
    [Maximum(256)]
    public int? Concurrency { get; init; }

    /// <summary>True: all runs save and stop, and no new one starts. False again: they go on.</summary>
    public bool? Suspend { get; init; }

    /// <summary>Change it (to anything) to retry the runs that failed.</summary>
    [MaximumLength(63)]
    public string? RetryToken { get; init; }

    internal const int MaximumVariants = 32;
    internal const int MaximumSeeds = 32;

    /// <summary>JSON has nulls where the types have none; a server without schemas hands them on.</summary>
    void IJsonOnDeserialized.OnDeserialized() => Holes.Refuse(this, "spec");
}

/// <summary>One way to do it.</summary>
public sealed record StudyVariant
{
    /// <summary>Unique in the study; part of its runs' names.</summary>
    [DnsLabel]
    public required string Name { get; init; }

    /// <summary>For the report.</summary>
    [MaximumLength(256)]
    public string? Description { get; init; }

    /// <summary>
    /// A JSON merge patch (RFC 7396) on the base: maps are merged, null removes a field, anything else takes its place. Entries of <c>stages</c> and of other lists that have names are
    /// addressed by <c>name</c>: a known one is merged, a new one is added at the end, <c>name: "*"</c> is merged into all that are there, and <c>$patch: delete</c> beside a name
    /// removes. None: the base as it is.
    /// </summary>
    [FreeForm]
    public JsonObject? Patch { get; init; }
}

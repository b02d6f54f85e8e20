using System.Text.Json;
using System.Text.Json.Serialization;
using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>The fields of Kubernetes' ObjectMeta that are used here; whatever else it holds is carried along unchanged.</summary>
public sealed record ObjectMeta
{
    /// <summary>Name of the run, unique in its namespace; the names of its Jobs begin with it.</summary>
    [DnsLabel]
    public required string Name { get; init; }

    /// <summary>Namespace; <c>default</c> where none is given.</summary>
    [DnsLabel]
    public string? Namespace { get; init; }

    /// <summary>Given by the API server.</summary>
    public string? Uid { get; init; }

    /// <summary>Given by the API server: changes with every write.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Given by the API server: counts the changes of <c>spec</c>.</summary>
    public long? Generation { get; init; }

    /// <summary>Given by the API server.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>Set by the API server once somebody deleted the run, while finalizers still hold it.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>Who must act before the run may disappear.</summary>
    public IReadOnlyList<string>? Finalizers { get; init; }

    /// <summary>For selectors.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>For people and tools.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Every other field, kept as it was read.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}

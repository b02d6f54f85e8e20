using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <summary>
/// Metadata of an object. <c>managedFields</c> is left out on reading: it is often the larger half of an object, and nothing here looks at it. Objects are written back
/// by patches, so that what is left out is never lost.
/// </summary>
public sealed record ObjectMeta
{
    public string? Name { get; set; }

    /// <summary>The server appends five characters to it and makes that the name.</summary>
    public string? GenerateName { get; set; }

    public string? Namespace { get; set; }

    /// <summary>Unique over space and time: another object of the same name has another one.</summary>
    public string? Uid { get; set; }

    /// <summary>Changes with every write; opaque.</summary>
    public string? ResourceVersion { get; set; }

    /// <summary>Counts the changes of the wish (<c>spec</c>).</summary>
    public long? Generation { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? CreationTimestamp { get; set; }

    /// <summary>Set once somebody deleted the object, while finalizers or a grace period still hold it.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? DeletionTimestamp { get; set; }

    public long? DeletionGracePeriodSeconds { get; set; }

    public Dictionary<string, string>? Labels { get; set; }

    public Dictionary<string, string>? Annotations { get; set; }

    public List<string>? Finalizers { get; set; }

    public List<OwnerReference>? OwnerReferences { get; set; }
}

/// <summary>Who an object belongs to: it is collected as garbage when its owners are gone.</summary>
public sealed record OwnerReference
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public string Name { get; set; } = "";

    public string Uid { get; set; } = "";

    /// <summary>Whether this owner manages the object; at most one does.</summary>
    public bool? Controller { get; set; }

    public bool? BlockOwnerDeletion { get; set; }

    /// <summary>Fields this type does not know; a patch of the list writes them back.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }

    /// <summary>A reference that makes <paramref name="owner"/> the manager of an object.</summary>
    /// <exception cref="ArgumentException">The owner did not come from the server and has no uid.</exception>
    public static OwnerReference ControllerOf<T>(T owner)
        where T : IKubernetesObject
    {
        if (string.IsNullOrEmpty(owner.Metadata.Uid))
        {
            throw new ArgumentException(
                $"metadata.uid of {ResourceKind.Of<T>().Kind} \"{owner.Metadata.Name}\" is missing; only an object that the server has stored can own others", nameof(owner));
        }

        return new()
        {
            ApiVersion = ResourceKind.Of<T>().ApiVersion,
            Kind = ResourceKind.Of<T>().Kind,
            Name = owner.Metadata.Name!,
            Uid = owner.Metadata.Uid,
            Controller = true,
            BlockOwnerDeletion = true,
        };
    }
}

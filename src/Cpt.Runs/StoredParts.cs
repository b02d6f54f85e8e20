using Cpt.Api;

namespace Cpt.Runs;

/// <summary>What runs and studies have in common when they are read from an API server.</summary>
internal static class StoredParts
{
    public static Api.ObjectMeta Metadata(Kubernetes.ObjectMeta stored) => new()
    {
        Name = stored.Name!,
        Namespace = stored.Namespace,
        Uid = stored.Uid,
        ResourceVersion = stored.ResourceVersion,
        Generation = stored.Generation,
        CreationTimestamp = stored.CreationTimestamp,
        DeletionTimestamp = stored.DeletionTimestamp,
        Finalizers = stored.Finalizers,
        Labels = stored.Labels,
        Annotations = stored.Annotations,
    };

    /// <summary>Why a spec cannot be read: the strict reader names what the deserializer only stumbles over.</summary>
    /// <param name="kind">Of the object.</param>
    /// <param name="metadata">Names it in messages.</param>
    /// <param name="spec">Without a value.</param>
    /// <param name="read">Reads a manifest, given its text and what to call it.</param>
    public static ManifestException Fault<T>(string kind, Kubernetes.ObjectMeta metadata, Part<T> spec, Action<string, string> read)
        where T : class
    {
        var source = $"{metadata.Namespace}/{metadata.Name}";
        try
        {
            read($$"""{"apiVersion":"{{ContinualRun.GroupVersion}}","kind":"{{kind}}","metadata":{"name":"{{metadata.Name}}"},"spec":{{spec.Unread?.GetRawText() ?? "null"}}}""", source);
        }
        catch (ManifestException fault)
        {
            return fault;
        }

        return new ManifestException(source, [new FieldError("spec", spec.Fault ?? "is missing")]);
    }
}

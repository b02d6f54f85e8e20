using System.Text.Json;

namespace Cpt.Kubernetes;

/// <content>Create, patch, apply, delete.</content>
public sealed partial class KubernetesClient
{
    private static readonly WriteOptions s_plain = new();

    /// <summary>A create is never sent again when its answer is lost: give it a name, and <see cref="KubernetesException.IsAlreadyExists"/> tells.</summary>
    /// <exception cref="KubernetesException">Refused.</exception>
    public Task<T> CreateAsync<T>(T item, WriteOptions? options = null, CancellationToken cancellation = default)
        where T : IKubernetesObject
    {
        var kind = ResourceKind.Of<T>();
        return CallAsync<T>(
            new(HttpMethod.Post, Written(kind.PathOf(NamespaceOf(kind, item)), options).ToString())
            {
                Verb = "create",
                IsIdempotent = false,
                Body = Serialize(item, kind),
                ContentType = "application/json",
            },
            cancellation);
    }

    /// <exception cref="KubernetesException">Refused.</exception>
    public Task<T> PatchAsync<T>(string name, string? @namespace, Patch patch, WriteOptions? options = null, CancellationToken cancellation = default)
        where T : IKubernetesObject =>
        CallAsync<T>(PatchOf(ResourceKind.Of<T>().PathOf(name, @namespace), patch, options), cancellation);

    /// <summary>Patches <c>status</c>; changes elsewhere in the patch are dropped by the server.</summary>
    /// <exception cref="KubernetesException">Refused.</exception>
    public Task<T> PatchStatusAsync<T>(string name, string? @namespace, Patch patch, WriteOptions? options = null, CancellationToken cancellation = default)
        where T : IKubernetesObject =>
        CallAsync<T>(PatchOf(ResourceKind.Of<T>().PathOf(name, @namespace, "status"), patch, options), cancellation);

    /// <summary>
    /// Server-side apply: the fields set in <paramref name="item"/> become as they are there and the field manager's own; those it set before and leaves out now are removed.
    /// </summary>
    /// <exception cref="KubernetesException">Refused; a conflict when a field belongs to somebody else, which <see cref="KubernetesException.Causes"/> names.</exception>
    public Task<T> ApplyAsync<T>(T item, ApplyOptions? options = null, CancellationToken cancellation = default)
        where T : IKubernetesObject => ApplyAsync(item, null, options, cancellation);

    /// <summary>Server-side apply of <c>status</c>. Servers before 1.22 keep no track of subresources: take another field manager than for the rest.</summary>
    /// <exception cref="KubernetesException">Refused.</exception>
    public Task<T> ApplyStatusAsync<T>(T item, ApplyOptions? options = null, CancellationToken cancellation = default)
        where T : IKubernetesObject => ApplyAsync(item, "status", options, cancellation);

    /// <returns>The object while something still holds it (finalizers, a grace period); null when it is gone.</returns>
    /// <exception cref="KubernetesException">
    /// Refused; <see cref="KubernetesException.IsNotFound"/> when there is none, also when an earlier attempt of this call removed it.
    /// </exception>
    public Task<T?> DeleteAsync<T>(string name, string? @namespace = null, DeleteOptions? options = null, CancellationToken cancellation = default)
        where T : class, IKubernetesObject
    {
        var type = JsonTypeOf<T>();
        return _sender.CallAsync(Deletion("delete", ResourceKind.Of<T>().PathOf(name, @namespace), options), async (stream, cancellation) =>
        {
            using var buffer = await ReadAllAsync(stream, cancellation);
            return Deletions.IsStatus(buffer.Span) ? null : JsonSerializer.Deserialize(buffer.Span, type);
        }, cancellation);
    }

    /// <summary>Deletes all objects that <paramref name="which"/> chooses.</summary>
    /// <exception cref="KubernetesException">Refused.</exception>
    public Task DeleteCollectionAsync<T>(ListOptions which, DeleteOptions? options = null, CancellationToken cancellation = default)
        where T : IKubernetesObject
    {
        var path = new Query(ResourceKind.Of<T>().PathOf(which.Namespace)).Add("labelSelector", which.LabelSelector).Add("fieldSelector", which.FieldSelector);
        return _sender.CallAsync(Deletion("deletecollection", path.ToString(), options), static async (stream, cancellation) =>
        {
            await stream.CopyToAsync(Stream.Null, cancellation);
            return true;
        }, cancellation);
    }

    private Task<T> ApplyAsync<T>(T item, string? subresource, ApplyOptions? options, CancellationToken cancellation)
        where T : IKubernetesObject
    {
        var kind = ResourceKind.Of<T>();
        var name = item.Metadata.Name ?? throw new ArgumentException("metadata.name is missing; only a named object can be applied", nameof(item));
        var path = kind.PathOf(name, NamespaceOf(kind, item), subresource);
        var written = Written(path, options).AddIf(options?.Force == true, "force");
        return CallAsync<T>(PatchOf(written, Patch.Apply(Serialize(item, kind)), "apply"), cancellation);
    }

    private ApiRequest PatchOf(string path, Patch patch, WriteOptions? options) => PatchOf(Written(path, options), patch, "patch");

    private static ApiRequest PatchOf(Query path, Patch patch, string verb) => new(HttpMethod.Patch, path.ToString())
    {
        Verb = verb,
        IsIdempotent = patch.IsIdempotent,
        Body = patch.Body,
        ContentType = patch.ContentType,
    };

    private Query Written(string path, WriteOptions? options)
    {
        options ??= s_plain;
        return new Query(path)
            .Add("fieldManager", options.FieldManager ?? _options.FieldManager)
            .AddIf(options.DryRun, "dryRun", "All")
            .Add("fieldValidation", options.FieldValidation?.ToString());
    }

    private static ApiRequest Deletion(string verb, string path, DeleteOptions? options)
    {
        options ??= new();
        var body = new DeleteBody
        {
            PropagationPolicy = options.PropagationPolicy?.ToString(),
            GracePeriodSeconds = options.GracePeriodSeconds,
            Preconditions = options is { Uid: null, ResourceVersion: null } ? null : new(options.Uid, options.ResourceVersion),
            DryRun = options.DryRun ? ["All"] : null,
        };
        return new(HttpMethod.Delete, path)
        {
            Verb = verb,
            IsIdempotent = true,
            Body = JsonSerializer.SerializeToUtf8Bytes(body, WireJson.Default.DeleteBody),
            ContentType = "application/json",
        };
    }

    private byte[] Serialize<T>(T item, ResourceKind kind)
        where T : IKubernetesObject
    {
        NameKind(item, kind);
        return JsonSerializer.SerializeToUtf8Bytes(item, JsonTypeOf<T>());
    }

    private static string? NamespaceOf<T>(ResourceKind kind, T item)
        where T : IKubernetesObject =>
        kind.Namespaced && string.IsNullOrEmpty(item.Metadata.Namespace)
            ? throw new ArgumentException($"metadata.namespace of {kind.Kind} \"{item.Metadata.Name}\" is missing", nameof(item))
            : item.Metadata.Namespace;
}

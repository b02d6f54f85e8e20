using System.Reflection;

namespace Cpt.Kubernetes;

/// <summary>A kind of the API and where its objects are found.</summary>
/// <param name="Group">Empty in the core group.</param>
/// <param name="Version">Without the group.</param>
/// <param name="Kind">As in manifests.</param>
/// <param name="Plural">As in URLs.</param>
/// <param name="Namespaced">Whether its objects live in namespaces.</param>
public sealed record ResourceKind(string Group, string Version, string Kind, string Plural, bool Namespaced)
{
    /// <summary>What stands in <c>apiVersion</c>.</summary>
    public string ApiVersion { get; } = Group.Length == 0 ? Version : Group + "/" + Version;

    private string Root { get; } = Group.Length == 0 ? "/api/" + Version : "/apis/" + Group + "/" + Version;

    /// <summary>The kind of <typeparamref name="T"/>.</summary>
    /// <exception cref="InvalidOperationException">The type has no <see cref="KubernetesEntityAttribute"/>, or an incomplete one.</exception>
    public static ResourceKind Of<T>()
        where T : IKubernetesObject => Cache<T>.Kind;

    /// <summary>The path of one object, or of a subresource of it.</summary>
    /// <exception cref="ArgumentException">The kind is namespaced and no namespace is given, or the other way round.</exception>
    public string PathOf(string name, string? @namespace, string? subresource = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (Namespaced && string.IsNullOrEmpty(@namespace))
        {
            throw new ArgumentException($"{Kind} \"{name}\" lives in a namespace, and none is given", nameof(@namespace));
        }

        var path = PathOf(@namespace) + "/" + Uri.EscapeDataString(name);
        return subresource is null ? path : path + "/" + subresource;
    }

    /// <summary>The path of a collection: of one namespace, or with null of the whole cluster.</summary>
    public string PathOf(string? @namespace)
    {
        if (string.IsNullOrEmpty(@namespace))
        {
            return Root + "/" + Plural;
        }

        return Namespaced
            ? Root + "/namespaces/" + Uri.EscapeDataString(@namespace) + "/" + Plural
            : throw new ArgumentException($"{Kind} lives outside namespaces, and \"{@namespace}\" is given", nameof(@namespace));
    }

    /// <inheritdoc/>
    public override string ToString() => Group.Length == 0 ? Plural : Plural + "." + Group;

    private static class Cache<T>
    {
        // A field initializer that throws would hide its message in a TypeInitializationException.
        private static readonly ResourceKind? s_kind = Read();

        public static ResourceKind Kind => s_kind ?? throw new InvalidOperationException(
            $"{typeof(T)} needs [KubernetesEntity(Group = …, ApiVersion = …, Kind = …, PluralName = …)] to be used with the API");

        private static ResourceKind? Read() =>
            typeof(T).GetCustomAttribute<KubernetesEntityAttribute>() is { Kind.Length: > 0, PluralName.Length: > 0, ApiVersion.Length: > 0 } entity
                ? new(entity.Group, entity.ApiVersion, entity.Kind, entity.PluralName, typeof(T).GetCustomAttribute<EntityScopeAttribute>()?.Scope != EntityScope.Cluster)
                : null;
    }
}

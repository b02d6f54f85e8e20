using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>From an object to the entity that its controlling owner reference names.</summary>
internal static class OwnerMap<TEntity>
    where TEntity : class, IKubernetesObject
{
    public static ObjectKey? Of(IKubernetesObject item)
    {
        var kind = ResourceKind.Of<TEntity>();
        foreach (var owner in item.Metadata.OwnerReferences ?? [])
        {
            // By group, not by version: the reference keeps the version it was written with.
            if (owner.Controller == true && owner.Kind == kind.Kind && GroupOf(owner.ApiVersion).SequenceEqual(kind.Group))
            {
                return new(kind.Namespaced ? item.Metadata.Namespace : null, owner.Name);
            }
        }

        return null;
    }

    private static ReadOnlySpan<char> GroupOf(string apiVersion)
    {
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? [] : apiVersion.AsSpan(0, slash);
    }
}

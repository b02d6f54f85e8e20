namespace Cpt.Kubernetes;

/// <summary>What names one object among those of its kind.</summary>
/// <param name="Namespace">Null for kinds outside namespaces.</param>
/// <param name="Name">The object's name.</param>
public readonly record struct ObjectKey(string? Namespace, string Name)
{
    public static ObjectKey Of(IKubernetesObject item) => new(item.Metadata.Namespace, item.Metadata.Name ?? "");

    /// <summary><c>namespace/name</c>, as kubectl and most logs write it.</summary>
    public override string ToString() => Namespace is null ? Name : Namespace + "/" + Name;
}

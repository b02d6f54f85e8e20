namespace Cpt.Kubernetes;

/// <summary>Says which kind of the API a type is. Namespaced unless <see cref="EntityScopeAttribute"/> says otherwise.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class KubernetesEntityAttribute : Attribute
{
    /// <summary>Empty in the core group.</summary>
    public string Group { get; set; } = "";

    /// <summary>The version without the group: <c>v1</c>.</summary>
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "";

    /// <summary>As in the URL: <c>jobs</c>.</summary>
    public string PluralName { get; set; } = "";
}

/// <summary>Whether objects of a kind live in namespaces.</summary>
public enum EntityScope
{
    Namespaced,
    Cluster,
}

/// <summary>Marks a kind that lives outside namespaces.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EntityScopeAttribute(EntityScope scope) : Attribute
{
    public EntityScope Scope { get; } = scope;
}

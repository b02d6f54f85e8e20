namespace Cpt.Kubernetes;

/// <summary>Names an object of any kind.</summary>
public sealed record ObjectReference
{
    public string? ApiVersion { get; set; }

    public string? Kind { get; set; }

    public string? Namespace { get; set; }

    public string? Name { get; set; }

    public string? Uid { get; set; }

    public string? ResourceVersion { get; set; }

    public string? FieldPath { get; set; }

    public static ObjectReference Of<T>(T item)
        where T : IKubernetesObject => new()
        {
            ApiVersion = ResourceKind.Of<T>().ApiVersion,
            Kind = ResourceKind.Of<T>().Kind,
            Namespace = item.Metadata.Namespace,
            Name = item.Metadata.Name,
            Uid = item.Metadata.Uid,
            ResourceVersion = item.Metadata.ResourceVersion,
        };
}

/// <summary>Names an object in the same namespace.</summary>
public sealed record LocalObjectReference
{
    public string Name { get; set; } = "";
}

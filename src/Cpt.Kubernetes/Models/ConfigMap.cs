namespace Cpt.Kubernetes;

/// <summary>Files and settings for pods; at most 1 MiB.</summary>
[KubernetesEntity(ApiVersion = "v1", Kind = "ConfigMap", PluralName = "configmaps")]
public sealed record ConfigMap : KubernetesObject
{
    public Dictionary<string, string>? Data { get; set; }

    public Dictionary<string, byte[]>? BinaryData { get; set; }

    /// <summary>True: the server refuses every later change of the data.</summary>
    public bool? Immutable { get; set; }
}

/// <summary>Credentials for pods. Values are bytes; base64 on the wire. Never printed: <see cref="object.ToString"/> names keys alone.</summary>
[KubernetesEntity(ApiVersion = "v1", Kind = "Secret", PluralName = "secrets")]
public sealed record Secret : KubernetesObject
{
    public string? Type { get; set; }

    public Dictionary<string, byte[]>? Data { get; set; }

    /// <summary>Written only: the server merges it into <see cref="Data"/>.</summary>
    public Dictionary<string, string>? StringData { get; set; }

    public bool? Immutable { get; set; }

    /// <inheritdoc/>
    public override string ToString() => $"Secret {ObjectKey.Of(this)} [{string.Join(", ", Data?.Keys ?? Enumerable.Empty<string>())}]";
}

/// <summary>A room for names.</summary>
[KubernetesEntity(ApiVersion = "v1", Kind = "Namespace", PluralName = "namespaces")]
[EntityScope(EntityScope.Cluster)]
public sealed record Namespace : KubernetesObject, IStatus<NamespaceStatus>
{
    public NamespaceStatus? Status { get; set; }
}

public sealed record NamespaceStatus
{
    /// <summary><c>Active</c> or <c>Terminating</c>.</summary>
    public string? Phase { get; set; }
}

/// <summary>Who a pod is to the API server.</summary>
[KubernetesEntity(ApiVersion = "v1", Kind = "ServiceAccount", PluralName = "serviceaccounts")]
public sealed record ServiceAccount : KubernetesObject;

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <summary>A name for pods; a headless one (<c>clusterIP: None</c>) gives each pod of a group a DNS name.</summary>
[KubernetesEntity(ApiVersion = "v1", Kind = "Service", PluralName = "services")]
public sealed record Service : KubernetesObject, ISpec<ServiceSpec>
{
    public ServiceSpec Spec { get; set; } = new();
}

public sealed record ServiceSpec
{
    public string? Type { get; set; }

    public string? ClusterIP { get; set; }

    public Dictionary<string, string>? Selector { get; set; }

    public List<ServicePort>? Ports { get; set; }

    /// <summary>Pods find each other before they are ready.</summary>
    public bool? PublishNotReadyAddresses { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

public sealed record ServicePort
{
    public string? Name { get; set; }

    public int Port { get; set; }

    public IntOrString? TargetPort { get; set; }

    public string? Protocol { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

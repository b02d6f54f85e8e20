using System.Text.Json;

namespace Cpt.Kubernetes;

/// <summary>Adds a kind to the API. The spec is carried as it is; what matters here is whether the server has taken it up.</summary>
[KubernetesEntity(Group = "apiextensions.k8s.io", ApiVersion = "v1", Kind = "CustomResourceDefinition", PluralName = "customresourcedefinitions")]
[EntityScope(EntityScope.Cluster)]
public sealed record CustomResourceDefinition : KubernetesObject, ISpec<JsonElement>, IStatus<CustomResourceDefinitionStatus>
{
    public JsonElement Spec { get; set; }

    public CustomResourceDefinitionStatus? Status { get; set; }

    /// <summary>Whether objects of the kind can be written and read.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsEstablished => Status?.Conditions?.Exists(condition => condition.Type == "Established" && condition.IsTrue) == true;
}

public sealed record CustomResourceDefinitionStatus
{
    public List<Condition>? Conditions { get; set; }

    public List<string>? StoredVersions { get; set; }
}

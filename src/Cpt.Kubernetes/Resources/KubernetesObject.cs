using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <summary>
/// Base of typed objects. They are records with setters: the deserializer fills them in place, and <c>with</c> copies them. An object that came out of a cache is
/// shared and must be copied before it is changed.
/// </summary>
public abstract record KubernetesObject : IKubernetesObject
{
    /// <inheritdoc/>
    [JsonPropertyOrder(-3)]
    public string? ApiVersion { get; set; }

    /// <inheritdoc/>
    [JsonPropertyOrder(-2)]
    public string? Kind { get; set; }

    /// <inheritdoc/>
    [JsonPropertyOrder(-1)]
    public ObjectMeta Metadata { get; set; } = new();
}

/// <summary>Base of custom resources with a spec and a status.</summary>
public abstract record KubernetesObject<TSpec, TStatus> : KubernetesObject, ISpec<TSpec>, IStatus<TStatus>
    where TSpec : new()
{
    /// <inheritdoc/>
    public TSpec Spec { get; set; } = new();

    /// <inheritdoc/>
    public TStatus? Status { get; set; }
}

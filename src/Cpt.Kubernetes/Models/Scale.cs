namespace Cpt.Kubernetes;

/// <summary>The scale subresource of a kind: how many replicas are wanted and there.</summary>
public sealed record Scale : KubernetesObject, ISpec<ScaleSpec>, IStatus<ScaleStatus>
{
    public ScaleSpec Spec { get; set; } = new();

    public ScaleStatus? Status { get; set; }
}

public sealed record ScaleSpec
{
    public int Replicas { get; set; }
}

public sealed record ScaleStatus
{
    public int Replicas { get; set; }

    /// <summary>Chooses the pods that are counted, as text.</summary>
    public string? Selector { get; set; }
}

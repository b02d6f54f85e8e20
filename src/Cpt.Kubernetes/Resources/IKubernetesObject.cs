namespace Cpt.Kubernetes;

/// <summary>What every object of the API has. The client needs no more of a type than this and <see cref="KubernetesEntityAttribute"/>.</summary>
public interface IKubernetesObject
{
    /// <summary><c>group/version</c>, or <c>v1</c> alone in the core group.</summary>
    string? ApiVersion { get; set; }

    string? Kind { get; set; }

    ObjectMeta Metadata { get; set; }
}

/// <summary>An object with a wish.</summary>
public interface ISpec<TSpec>
{
    TSpec Spec { get; set; }
}

/// <summary>An object with a state.</summary>
public interface IStatus<TStatus>
{
    TStatus? Status { get; set; }
}

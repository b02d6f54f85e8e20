using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>How one controller is woken and works.</summary>
internal sealed class ControllerDeclaration<TEntity>
    where TEntity : class, IKubernetesObject
{
    /// <summary>For metrics and logs; controller-runtime's way: the kind in lower case.</summary>
    public string Name { get; } = ResourceKind.Of<TEntity>().Kind.ToLowerInvariant();

    public int? Workers { get; set; }

    public TimeSpan? Timeout { get; set; }

    /// <summary>Each connects the changes of a kind to the controller's ear.</summary>
    public List<Action<IServiceProvider, Action<ObjectKey>>> Sources { get; } = [];
}

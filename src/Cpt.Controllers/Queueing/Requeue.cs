using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>Stands between a controller that wakes itself and the host that holds the controller: each is made with the other.</summary>
internal sealed class Requeue<TEntity> : IRequeue<TEntity>
    where TEntity : class, IKubernetesObject
{
    public Action<ObjectKey, TimeSpan>? Target { get; set; }

    public void Enqueue(ObjectKey key, TimeSpan after = default) => Target?.Invoke(key, after);
}

using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>Wakes the controller of a kind from outside: a poll that found something, a timer of one's own.</summary>
public interface IRequeue<TEntity>
    where TEntity : class, IKubernetesObject
{
    /// <summary>The object is reconciled after this long, sooner when something else asks for it; at once by default. Without effect in a process that does not lead.</summary>
    void Enqueue(ObjectKey key, TimeSpan after = default);
}

using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>
/// What an owner's next reconcile must have in its caches before it may run. A watch is a moment behind: a reconcile that comes right after a create would not see the
/// Job and make a second one. So a write is announced <em>before</em> it is sent (its event may be here before its answer), and the engine postpones the owner's
/// reconcile until the event has come, or until <see cref="OperatorSettings.ExpectationTimeout"/>. <see cref="EntityWriter{TEntity}"/> does this for each of its calls.
/// </summary>
/// <typeparam name="TOwner">The kind of the owners.</typeparam>
public interface IExpectations<TOwner>
    where TOwner : class, IKubernetesObject
{
    /// <summary>Open until an event of <paramref name="item"/> arrives. Say it before the call; a refused call takes it back by <see cref="Abandon{T}"/>.</summary>
    void ExpectCreated<T>(ObjectKey owner, ObjectKey item)
        where T : class, IKubernetesObject;

    /// <summary>Open while the cache shows the object of this uid alive: neither gone nor being deleted.</summary>
    void ExpectDeleted<T>(ObjectKey owner, ObjectKey item, string uid)
        where T : class, IKubernetesObject;

    /// <summary>Open while the cache shows an older version of the object than the one returned by a write.</summary>
    void ExpectVersion<T>(ObjectKey owner, T written)
        where T : class, IKubernetesObject;

    /// <summary>The announced write did not happen.</summary>
    void Abandon<T>(ObjectKey owner, ObjectKey item)
        where T : class, IKubernetesObject;

    /// <summary>Whether nothing of this owner's is open.</summary>
    bool Satisfied(ObjectKey owner);

    /// <summary>The owner is gone, and what it waited for with it.</summary>
    void Forget(ObjectKey owner);
}

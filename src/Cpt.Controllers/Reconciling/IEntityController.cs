using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>
/// Brings the world to what one object asks for. Called with the object as the cache has it, whenever it or something it owns changed, when a requeue is due, and after a
/// restart: never told what changed, it looks at what is. One object is never reconciled twice at a time; different ones are.
/// </summary>
/// <typeparam name="TEntity">A kind of the API.</typeparam>
public interface IEntityController<TEntity>
    where TEntity : class, IKubernetesObject
{
    /// <param name="entity">Shared with the cache: never changed in place.</param>
    /// <param name="cancellation">The time for one reconcile is over, the lease is lost, or the process stops.</param>
    /// <returns>What follows. An exception counts as a <see cref="ReconciliationResult{TEntity}.Failure"/>: tried again with backoff.</returns>
    Task<ReconciliationResult<TEntity>> ReconcileAsync(TEntity entity, CancellationToken cancellation);

    /// <summary>The object is gone: forget what was remembered about it. What it owned is the garbage collector's.</summary>
    /// <param name="entity">Its last state known here.</param>
    /// <param name="cancellation">As above.</param>
    Task<ReconciliationResult<TEntity>> DeletedAsync(TEntity entity, CancellationToken cancellation);
}

/// <summary>Acts before an object may disappear. The engine puts the finalizer on, calls this once the object is being deleted, and takes it off after a success.</summary>
public interface IEntityFinalizer<TEntity>
    where TEntity : class, IKubernetesObject
{
    Task<ReconciliationResult<TEntity>> FinalizeAsync(TEntity entity, CancellationToken cancellation);
}

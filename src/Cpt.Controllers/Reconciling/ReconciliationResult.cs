using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>How a reconcile ended, and when the object is looked at again although nothing of it changed.</summary>
public sealed record ReconciliationResult<TEntity>
    where TEntity : class, IKubernetesObject
{
    private ReconciliationResult()
    {
    }

    public required TEntity Entity { get; init; }

    public bool IsSuccess { get; private init; }

    /// <summary>Trying again cannot help until the object changes.</summary>
    public bool IsTerminal { get; private init; }

    public string? Message { get; private init; }

    public Exception? Error { get; private init; }

    /// <summary>Look again after this long, to the millisecond. Null: when something changes; after a failure: with backoff.</summary>
    public TimeSpan? RequeueAfter { get; private init; }

    public static ReconciliationResult<TEntity> Success(TEntity entity, TimeSpan? requeueAfter = null) =>
        new() { Entity = entity, IsSuccess = true, RequeueAfter = requeueAfter };

    public static ReconciliationResult<TEntity> Failure(TEntity entity, string message, Exception? error = null, TimeSpan? requeueAfter = null) =>
        new() { Entity = entity, Message = message, Error = error, RequeueAfter = requeueAfter };

    /// <summary>Counted as an error and not tried again.</summary>
    public static ReconciliationResult<TEntity> Terminal(TEntity entity, string message, Exception? error = null) =>
        new() { Entity = entity, IsTerminal = true, Message = message, Error = error };
}

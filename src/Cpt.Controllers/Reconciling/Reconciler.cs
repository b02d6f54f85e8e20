using Cpt.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

/// <summary>
/// One look at one object: put off while its caches are behind its own writes, then the controller or a finalizer is called within its time, and what follows is decided in
/// <see cref="Settle"/>.
/// </summary>
internal sealed class Reconciler<TEntity>(
    IEntityController<TEntity> controller,
    Finalizers<TEntity> finalizers,
    InformerCache<TEntity> cache,
    ExpectationStore<TEntity> expectations,
    WorkQueue queue,
    TimeSpan timeout,
    TimeProvider time,
    ControllerMetrics metrics,
    ILogger<Reconciler<TEntity>> logger)
    where TEntity : class, IKubernetesObject
{
    private static readonly string s_kind = ResourceKind.Of<TEntity>().ToString();

    private readonly Departed<TEntity> _departed = new();

    /// <summary>Keeps the last state for <see cref="IEntityController{TEntity}.DeletedAsync"/>; the cache no longer has it.</summary>
    public void Gone(TEntity last) => _departed.Add(last);

    public async Task HandleAsync(ObjectKey key, CancellationToken cancellation)
    {
        // One that is gone waits for nothing; another one of its name must not inherit what it waited for.
        var departed = _departed.Take(key);
        if (departed is not null)
        {
            expectations.Forget(key);
        }
        else if (expectations.Remaining(key) is { } remaining)
        {
            // The event that is waited for enqueues the object; the delay is for one that never comes.
            logger.PutOff(s_kind, key, remaining);
            queue.PutOff(key, remaining);
            return;
        }

        var entity = departed ?? cache.Get(key);
        if (entity is null)
        {
            queue.Forget(key);
            return;
        }

        var started = time.GetTimestamp();
        metrics.Started();
        var result = await CallAsync(entity, departed is not null, cancellation);
        metrics.Ended(time.GetElapsedTime(started));
        if (result is null)
        {
            return; // broken off by a stop or a lost lease: whoever leads next looks at everything anyway
        }

        // Its next look must not see it older than it is known here to be.
        if (departed is null && ResourceVersions.IsOlder(entity.Metadata.ResourceVersion, result.Entity.Metadata.ResourceVersion))
        {
            expectations.ExpectVersion(key, result.Entity);
        }

        Settle(key, departed, result);
    }

    /// <summary>What follows from how it went. Everything that happens after a reconcile stands here.</summary>
    private void Settle(ObjectKey key, TEntity? departed, ReconciliationResult<TEntity> result)
    {
        switch (result)
        {
            case { IsSuccess: true, RequeueAfter: { } after }:
                metrics.Result(ReconcileResult.RequeueAfter);
                queue.Forget(key);
                queue.AddAfter(key, after);
                break;

            case { IsSuccess: true }:
                metrics.Result(ReconcileResult.Success);
                queue.Forget(key);
                break;

            case { IsTerminal: true }:
                metrics.Result(ReconcileResult.Error, isTerminal: true);
                logger.FailedForGood(result.Error, s_kind, key, result.Message);
                queue.Forget(key);
                break;

            case { RequeueAfter: { } after }:
                metrics.Result(ReconcileResult.Error);
                logger.Failed(LevelOf(result.Error), result.Error, s_kind, key, result.Message, after);
                Keep(departed);
                queue.AddAfter(key, after);
                break;

            default:
                metrics.Result(ReconcileResult.Error);
                Keep(departed);
                logger.Failed(LevelOf(result.Error), result.Error, s_kind, key, result.Message, queue.AddRateLimited(key));
                break;
        }

        if (departed is not null && (result.IsSuccess || result.IsTerminal))
        {
            // Another one of this name may be there by now, or yet another may be gone.
            queue.Add(key);
        }
    }

    /// <returns>Null when it was broken off from outside.</returns>
    private async Task<ReconciliationResult<TEntity>?> CallAsync(TEntity entity, bool isGone, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            var result = isGone
                ? await controller.DeletedAsync(entity, either.Token)
                : await finalizers.CallAsync(entity, controller, either.Token);
            return result ?? throw new InvalidOperationException($"{controller.GetType().Name} returned null; a ReconciliationResult is expected");
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested)
        {
            return ReconciliationResult<TEntity>.Failure(entity, $"not done within {timeout.TotalSeconds:0.#} s", exception);
        }
        catch (Exception exception)
        {
            if (exception is not KubernetesException)
            {
                metrics.Threw();
            }

            return ReconciliationResult<TEntity>.Failure(entity, exception.Message, exception);
        }
    }

    private void Keep(TEntity? departed)
    {
        if (departed is not null)
        {
            _departed.Add(departed);
        }
    }

    // Somebody else wrote in between: in the order of things, and better the next time.
    private static LogLevel LevelOf(Exception? error) => error is KubernetesException { IsConflict: true } ? LogLevel.Debug : LogLevel.Error;
}

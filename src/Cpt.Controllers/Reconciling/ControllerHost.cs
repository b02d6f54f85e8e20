using Cpt.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

/// <summary>
/// One controller at work: what wakes it, its queue, its workers. It hears changes only once it leads; it then looks at everything there is, so what happened before need not
/// be remembered.
/// </summary>
internal sealed class ControllerHost<TEntity> : IControllerHost, IDisposable
    where TEntity : class, IKubernetesObject
{
    private readonly Informer<TEntity> _informer;
    private readonly Reconciler<TEntity> _reconciler;
    private readonly ControllerDeclaration<TEntity> _declaration;
    private readonly OperatorSettings _settings;
    private readonly WorkQueue _queue;
    private readonly ILogger _logger;
    private volatile bool _works;

    public ControllerHost(
        Informer<TEntity> informer, Reconciler<TEntity> reconciler, ControllerDeclaration<TEntity> declaration, IServiceProvider services, OperatorSettings settings,
        WorkQueue queue, Requeue<TEntity> requeue, ILogger<ControllerHost<TEntity>> logger)
    {
        (_informer, _reconciler, _declaration, _settings, _queue, _logger) = (informer, reconciler, declaration, settings, queue, logger);
        requeue.Target = Enqueue;
        informer.Subscribe(OnEntity);
        foreach (var subscribe in declaration.Sources)
        {
            subscribe(services, OnRelated);
        }
    }

    public string Name => _declaration.Name;

    /// <summary>Takes up what it hears.</summary>
    internal bool Works => _works;

    public string? Problem
    {
        get
        {
            // A reconcile that heeds its cancellation is over soon after its time.
            var limit = (_declaration.Timeout ?? _settings.ReconcileTimeout) * 2;
            var longest = _queue.Working().Longest;
            return longest > limit ? $"a reconcile has been running for {longest.TotalSeconds:0} s, long past its cancellation" : null;
        }
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        // First the ear, then the round: what changes between the two is heard twice, and that is once in the queue.
        _works = true;
        foreach (var entity in _informer.Cache.List())
        {
            _queue.Add(ObjectKey.Of(entity));
        }

        var workers = _declaration.Workers ?? _settings.Concurrency;
        _logger.Works(Name, workers);
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(cancellation), CancellationToken.None)));
    }

    public Task StopAsync()
    {
        var drained = _queue.ShutDown();
        _works = false;
        return drained;
    }

    public void Dispose() => _queue.Dispose();

    private async Task WorkAsync(CancellationToken cancellation)
    {
        while (await _queue.TakeAsync(CancellationToken.None) is { } key)
        {
            try
            {
                await _reconciler.HandleAsync(key, cancellation);
            }
            finally
            {
                _queue.Done(key);
            }
        }
    }

    private void OnEntity(TEntity? before, TEntity? after)
    {
        if (!_works)
        {
            return;
        }

        if (after is null)
        {
            _reconciler.Gone(before!);
        }

        _queue.Add(ObjectKey.Of((after ?? before)!));
    }

    private void Enqueue(ObjectKey key, TimeSpan after)
    {
        if (_works)
        {
            _queue.AddAfter(key, after);
        }
    }

    private void OnRelated(ObjectKey key)
    {
        if (_works)
        {
            _queue.Add(key);
        }
    }
}

using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

/// <summary>Puts one controller together.</summary>
internal static class ControllerFactory<TEntity>
    where TEntity : class, IKubernetesObject
{
    public static ControllerHost<TEntity> Create(IServiceProvider services)
    {
        var settings = services.GetRequiredService<OperatorSettings>();
        var metrics = services.GetRequiredService<OperatorMetrics>();
        var declaration = services.GetRequiredService<ControllerDeclaration<TEntity>>();
        var informer = services.GetRequiredService<Informer<TEntity>>();
        var queue = new WorkQueue(settings.Time, new(settings.FirstBackoff, settings.MaxBackoff), new(metrics, declaration.Name));
        var reconciler = new Reconciler<TEntity>(
            services.GetRequiredService<IEntityController<TEntity>>(),
            services.GetRequiredService<Finalizers<TEntity>>(),
            informer.Cache,
            (ExpectationStore<TEntity>)services.GetRequiredService<IExpectations<TEntity>>(),
            queue,
            declaration.Timeout ?? settings.ReconcileTimeout,
            settings.Time,
            new(metrics, declaration.Name, declaration.Workers ?? settings.Concurrency),
            services.GetRequiredService<ILogger<Reconciler<TEntity>>>());
        return new(
            informer,
            reconciler,
            declaration,
            services,
            settings,
            queue,
            (Requeue<TEntity>)services.GetRequiredService<IRequeue<TEntity>>(),
            services.GetRequiredService<ILogger<ControllerHost<TEntity>>>());
    }
}

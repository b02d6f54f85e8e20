using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers;

/// <summary>Declares what an operator process watches and who acts. Each declared kind can be injected as <see cref="IInformerCache{T}"/>.</summary>
public sealed class OperatorBuilder
{
    internal OperatorBuilder(IServiceCollection services, OperatorSettings settings) => (Services, Settings) = (services, settings);

    public IServiceCollection Services { get; }

    internal OperatorSettings Settings { get; }

    /// <summary>One controller for a kind; a single instance serves all reconciles.</summary>
    /// <exception cref="InvalidOperationException">The kind has a controller already.</exception>
    public OperatorBuilder AddController<TController, TEntity>(Action<ControllerBuilder<TEntity>>? configure = null)
        where TController : class, IEntityController<TEntity>
        where TEntity : class, IKubernetesObject
    {
        configure?.Invoke(new(this));
        return this;
    }

    /// <summary>Holds objects back from disappearing until the finalizer has succeeded.</summary>
    /// <param name="identifier">What stands in <c>metadata.finalizers</c>: <c>group/name</c>.</param>
    /// <param name="needed">Which objects are held; by default all. The finalizer is taken off those that no longer need it.</param>
    public OperatorBuilder AddFinalizer<TFinalizer, TEntity>(string identifier, Func<TEntity, bool>? needed = null)
        where TFinalizer : class, IEntityFinalizer<TEntity>
        where TEntity : class, IKubernetesObject => this;

    /// <summary>A kind that is only read.</summary>
    /// <param name="labelSelector">Which objects; null: all. A kind is watched once, so every declaration of it must choose the same.</param>
    public OperatorBuilder AddCache<T>(string? labelSelector = null)
        where T : class, IKubernetesObject => this;

    /// <summary>Files the objects of a kind under values, for <see cref="IInformerCache{T}.ByIndex"/>.</summary>
    public OperatorBuilder WithIndex<T>(string index, Func<T, IEnumerable<string>> values)
        where T : class, IKubernetesObject => this;

    /// <summary>
    /// Strips what nobody here reads from each object before it is kept; memory is mostly that. It gets the object fresh from the wire and may change it in place.
    /// </summary>
    public OperatorBuilder WithTransform<T>(Func<T, T> transform)
        where T : class, IKubernetesObject => this;
}

using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Cpt.Controllers;

/// <summary>Declares what an operator process watches and who acts. Each declared kind can be injected as <see cref="IInformerCache{T}"/>.</summary>
public sealed class OperatorBuilder
{
    private readonly Dictionary<Type, object> _informers = [];
    private readonly HashSet<Type> _controllers = [];

    internal OperatorBuilder(IServiceCollection services) => Services = services;

    public IServiceCollection Services { get; }

    /// <summary>One controller for a kind; a single instance serves all reconciles.</summary>
    /// <exception cref="InvalidOperationException">The kind has a controller already.</exception>
    public OperatorBuilder AddController<TController, TEntity>(Action<ControllerBuilder<TEntity>>? configure = null)
        where TController : class, IEntityController<TEntity>
        where TEntity : class, IKubernetesObject
    {
        if (!_controllers.Add(typeof(TEntity)))
        {
            throw new InvalidOperationException($"{ResourceKind.Of<TEntity>()} has a controller already; two would undo each other's work");
        }

        InformerOf<TEntity>();
        var declaration = new ControllerDeclaration<TEntity>();
        configure?.Invoke(new(this, declaration));
        Services.TryAddSingleton<TController>();
        Services.AddSingleton<IEntityController<TEntity>>(provider => provider.GetRequiredService<TController>());
        Services.AddSingleton(declaration);
        Services.AddSingleton<Finalizers<TEntity>>();
        Services.AddSingleton(ControllerFactory<TEntity>.Create);
        Services.AddSingleton<IControllerHost>(provider => provider.GetRequiredService<ControllerHost<TEntity>>());
        return this;
    }

    /// <summary>Holds objects back from disappearing until the finalizer has succeeded. A success with a time means: not done yet, ask again then.</summary>
    /// <param name="identifier">What stands in <c>metadata.finalizers</c>: <c>group/name</c>.</param>
    /// <param name="needed">Which objects are held; by default all. The finalizer is taken off those that no longer need it.</param>
    public OperatorBuilder AddFinalizer<TFinalizer, TEntity>(string identifier, Func<TEntity, bool>? needed = null)
        where TFinalizer : class, IEntityFinalizer<TEntity>
        where TEntity : class, IKubernetesObject
    {
        var slash = identifier.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == identifier.Length - 1)
        {
            throw new ArgumentException($"\"{identifier}\" is no finalizer's name; group/name is expected", nameof(identifier));
        }

        Services.TryAddSingleton<TFinalizer>();
        Services.AddSingleton(provider => new FinalizerRegistration<TEntity>(identifier, needed ?? (static _ => true), provider.GetRequiredService<TFinalizer>()));
        return this;
    }

    /// <summary>A kind that is only read.</summary>
    /// <param name="labelSelector">Which objects; null: all. A kind is watched once, so every declaration of it must choose the same.</param>
    /// <exception cref="InvalidOperationException">Another declaration chose otherwise.</exception>
    public OperatorBuilder AddCache<T>(string? labelSelector = null)
        where T : class, IKubernetesObject
    {
        InformerOf<T>().Select(labelSelector);
        return this;
    }

    /// <summary>Files the objects of a kind under values, for <see cref="IInformerCache{T}.ByIndex"/>.</summary>
    /// <param name="index">Its name.</param>
    /// <param name="values">Pure: of one object always the same values, each once.</param>
    public OperatorBuilder WithIndex<T>(string index, Func<T, IEnumerable<string>> values)
        where T : class, IKubernetesObject
    {
        InformerOf<T>().Index(index, values);
        return this;
    }

    /// <summary>
    /// Strips what nobody here reads from each object before it is kept; memory is mostly that. It gets the object fresh from the wire and may change it in place. What is
    /// stripped from an object that is patched by <see cref="Patch.Between"/> must be missing on both sides.
    /// </summary>
    public OperatorBuilder WithTransform<T>(Func<T, T> transform)
        where T : class, IKubernetesObject
    {
        InformerOf<T>().TransformBy(transform);
        return this;
    }

    private InformerDeclaration<T> InformerOf<T>()
        where T : class, IKubernetesObject
    {
        if (_informers.TryGetValue(typeof(T), out var known))
        {
            return (InformerDeclaration<T>)known;
        }

        var declaration = new InformerDeclaration<T>();
        _informers.Add(typeof(T), declaration);
        Services.AddSingleton(declaration);
        Services.AddSingleton<Informer<T>>();
        Services.AddSingleton<IInformer>(provider => provider.GetRequiredService<Informer<T>>());
        Services.AddSingleton<IInformerCache<T>>(provider => provider.GetRequiredService<Informer<T>>().Cache);
        return declaration;
    }
}

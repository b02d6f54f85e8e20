using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>What wakes one controller, and how it works.</summary>
public sealed class ControllerBuilder<TEntity>
    where TEntity : class, IKubernetesObject
{
    private readonly OperatorBuilder _operator;

    internal ControllerBuilder(OperatorBuilder builder) => _operator = builder;

    /// <summary>A change of an object wakes the entity that its controlling owner reference names.</summary>
    /// <param name="labelSelector">Which objects; null: all. A kind is watched once, so every declaration of it must choose the same.</param>
    public ControllerBuilder<TEntity> Owns<T>(string? labelSelector = null)
        where T : class, IKubernetesObject
    {
        _operator.AddCache<T>(labelSelector);
        return this;
    }

    /// <summary>A change of an object wakes the entities that <paramref name="map"/> names, before the change and after it.</summary>
    /// <param name="map">Quick, and without calls: it runs in the watch.</param>
    /// <param name="labelSelector">As in <see cref="Owns{T}"/>.</param>
    public ControllerBuilder<TEntity> Watches<T>(Func<T, IEnumerable<ObjectKey>> map, string? labelSelector = null)
        where T : class, IKubernetesObject
    {
        _operator.AddCache<T>(labelSelector);
        return this;
    }

    /// <inheritdoc cref="OperatorBuilder.WithIndex{T}"/>
    public ControllerBuilder<TEntity> WithIndex<T>(string index, Func<T, IEnumerable<string>> values)
        where T : class, IKubernetesObject
    {
        _operator.WithIndex(index, values);
        return this;
    }

    /// <inheritdoc cref="OperatorBuilder.WithTransform{T}"/>
    public ControllerBuilder<TEntity> WithTransform<T>(Func<T, T> transform)
        where T : class, IKubernetesObject
    {
        _operator.WithTransform(transform);
        return this;
    }

    /// <summary>Only entities with these labels.</summary>
    public ControllerBuilder<TEntity> WithSelector(string labelSelector)
    {
        _operator.AddCache<TEntity>(labelSelector);
        return this;
    }

    /// <summary>Reconciles at a time; of one object there is never more than one.</summary>
    public ControllerBuilder<TEntity> WithConcurrency(int workers)
    {
        Workers = workers;
        return this;
    }

    /// <summary>Instead of <see cref="OperatorSettings.ReconcileTimeout"/>.</summary>
    public ControllerBuilder<TEntity> WithReconcileTimeout(TimeSpan timeout)
    {
        Timeout = timeout;
        return this;
    }

    internal int? Workers { get; private set; }

    internal TimeSpan? Timeout { get; private set; }
}

using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers;

/// <summary>What wakes one controller, and how it works.</summary>
public sealed class ControllerBuilder<TEntity>
    where TEntity : class, IKubernetesObject
{
    private readonly OperatorBuilder _operator;
    private readonly ControllerDeclaration<TEntity> _declaration;

    internal ControllerBuilder(OperatorBuilder builder, ControllerDeclaration<TEntity> declaration) => (_operator, _declaration) = (builder, declaration);

    /// <summary>A change of an object wakes the entity that its controlling owner reference names.</summary>
    /// <param name="labelSelector">Which objects; null: all. A kind is watched once, so every declaration of it must choose the same.</param>
    public ControllerBuilder<TEntity> Owns<T>(string? labelSelector = null)
        where T : class, IKubernetesObject
    {
        return Watches<T>(static item => OwnerMap<TEntity>.Of(item) is { } owner ? [owner] : [], labelSelector);
    }

    /// <summary>A change of an object wakes the entities that <paramref name="map"/> names, before the change and after it.</summary>
    /// <param name="map">Quick, and without calls: it runs in the watch.</param>
    /// <param name="labelSelector">As in <see cref="Owns{T}"/>.</param>
    public ControllerBuilder<TEntity> Watches<T>(Func<T, IEnumerable<ObjectKey>> map, string? labelSelector = null)
        where T : class, IKubernetesObject
    {
        _operator.AddCache<T>(labelSelector);
        _declaration.Sources.Add((services, wake) => services.GetRequiredService<Informer<T>>().Subscribe((before, after) =>
        {
            Wake(before);
            Wake(after);

            void Wake(T? item)
            {
                foreach (var key in item is null ? [] : map(item))
                {
                    wake(key);
                }
            }
        }));
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
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        _declaration.Workers = workers;
        return this;
    }

    /// <summary>Instead of <see cref="OperatorSettings.ReconcileTimeout"/>.</summary>
    public ControllerBuilder<TEntity> WithReconcileTimeout(TimeSpan timeout)
    {
        _declaration.Timeout = timeout;
        return this;
    }
}

using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>
/// Writes on behalf of an entity that its next reconcile must see: each is announced to <see cref="IExpectations{TOwner}"/>, so that a stale cache never makes a second
/// Job or undoes a status. The kinds written must be watched (<c>Owns</c>, <c>Watches</c>, <c>AddCache</c>), with a selector that holds what is written.
/// </summary>
public sealed class EntityWriter<TEntity>(KubernetesClient client, IExpectations<TEntity> expectations)
    where TEntity : class, IKubernetesObject
{
    /// <summary>Creates a named object that the entity owns.</summary>
    /// <exception cref="KubernetesException">Refused. After <see cref="KubernetesException.IsAlreadyExists"/> the next reconcile waits until the cache has the object.</exception>
    public async Task<T> CreateAsync<T>(TEntity owner, T item, WriteOptions? options = null, CancellationToken cancellation = default)
        where T : class, IKubernetesObject
    {
        var (key, child) = (ObjectKey.Of(owner), ObjectKey.Of(item));
        if (options?.DryRun == true)
        {
            return await client.CreateAsync(item, options, cancellation);
        }

        expectations.ExpectCreated<T>(key, child);
        try
        {
            return await client.CreateAsync(item, options, cancellation);
        }
        catch (Exception exception) when (ChangedNothing(exception))
        {
            expectations.Abandon<T>(key, child);
            throw;
        }
    }

    /// <summary>Deletes this very object, not another one of the same name. One that is gone already is as good.</summary>
    /// <exception cref="KubernetesException">Refused.</exception>
    public async Task DeleteAsync<T>(TEntity owner, T item, DeleteOptions? options = null, CancellationToken cancellation = default)
        where T : class, IKubernetesObject
    {
        var (key, child) = (ObjectKey.Of(owner), ObjectKey.Of(item));
        expectations.ExpectDeleted<T>(key, child, item.Metadata.Uid!);
        try
        {
            await client.DeleteAsync<T>(child.Name, child.Namespace, (options ?? new()) with { Uid = item.Metadata.Uid }, cancellation);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            // The cache has yet to learn it: the expectation stays.
        }
        catch (Exception exception) when (ChangedNothing(exception))
        {
            expectations.Abandon<T>(key, child);
            throw;
        }
    }

    /// <summary>Patches an object of the entity's, or the entity itself.</summary>
    /// <exception cref="KubernetesException">Refused.</exception>
    public async Task<T> PatchAsync<T>(TEntity owner, T item, Patch patch, WriteOptions? options = null, CancellationToken cancellation = default)
        where T : class, IKubernetesObject
    {
        var written = await client.PatchAsync<T>(item.Metadata.Name!, item.Metadata.Namespace, patch, options, cancellation);
        expectations.ExpectVersion(ObjectKey.Of(owner), written);
        return written;
    }

    /// <summary>Patches the entity's status.</summary>
    /// <exception cref="KubernetesException">Refused.</exception>
    public async Task<TEntity> PatchStatusAsync(TEntity entity, Patch patch, WriteOptions? options = null, CancellationToken cancellation = default)
    {
        var written = await client.PatchStatusAsync<TEntity>(entity.Metadata.Name!, entity.Metadata.Namespace, patch, options, cancellation);
        expectations.ExpectVersion(ObjectKey.Of(entity), written);
        return written;
    }

    // What the server refused it has not done; of a call without an answer nobody knows. An object of the name that is there already has an event to come, or had it.
    private static bool ChangedNothing(Exception exception) => exception switch
    {
        WriteFencedException => true,
        ApiUnreachableException => false,
        KubernetesException refusal => !refusal.IsAlreadyExists && (int)refusal.Code < 500,
        _ => false,
    };
}

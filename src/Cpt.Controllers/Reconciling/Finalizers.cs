using System.Text.Json.Nodes;
using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>One finalizer as it was declared.</summary>
internal sealed record FinalizerRegistration<TEntity>(string Identifier, Func<TEntity, bool> Needed, IEntityFinalizer<TEntity> Finalizer)
    where TEntity : class, IKubernetesObject;

/// <summary>
/// Puts finalizers on objects that need them, before the controller sees the object for the first time; calls them when the object is being deleted, in the order they were
/// declared; and takes each off after its success.
/// </summary>
internal sealed class Finalizers<TEntity>(
    IEnumerable<FinalizerRegistration<TEntity>> registrations, EntityWriter<TEntity> writer, InformerDeclaration<TEntity> declaration)
    where TEntity : class, IKubernetesObject
{
    private readonly FinalizerRegistration<TEntity>[] _registrations = [.. registrations];

    public async Task<ReconciliationResult<TEntity>> CallAsync(TEntity entity, IEntityController<TEntity> controller, CancellationToken cancellation)
    {
        if (entity.Metadata.DeletionTimestamp is not null)
        {
            return await FinalizeAsync(entity, cancellation);
        }

        return await controller.ReconcileAsync(_registrations.Length == 0 ? entity : await PutOnAsync(entity, cancellation), cancellation);
    }

    private async Task<ReconciliationResult<TEntity>> FinalizeAsync(TEntity entity, CancellationToken cancellation)
    {
        foreach (var registration in _registrations)
        {
            if (entity.Metadata.Finalizers?.Contains(registration.Identifier) != true)
            {
                continue;
            }

            var result = await registration.Finalizer.FinalizeAsync(entity, cancellation);
            if (!result.IsSuccess || result.RequeueAfter is not null)
            {
                // Success with a time means: not done yet, look again then.
                return result;
            }

            entity = await WriteAsync(entity, entity.Metadata.Finalizers.Where(name => name != registration.Identifier), cancellation);
        }

        return ReconciliationResult<TEntity>.Success(entity);
    }

    private Task<TEntity> PutOnAsync(TEntity entity, CancellationToken cancellation)
    {
        var has = entity.Metadata.Finalizers ?? [];
        List<string> wanted = [.. has];
        foreach (var registration in _registrations)
        {
            if (!registration.Needed(entity))
            {
                wanted.Remove(registration.Identifier);
            }
            else if (!wanted.Contains(registration.Identifier))
            {
                wanted.Add(registration.Identifier);
            }
        }

        return wanted.SequenceEqual(has) ? Task.FromResult(entity) : WriteAsync(entity, wanted, cancellation);
    }

    private async Task<TEntity> WriteAsync(TEntity entity, IEnumerable<string> finalizers, CancellationToken cancellation)
    {
        // The list is replaced whole, so only as it was read: another one's finalizer must not get lost.
        var patch = Patch.Merge(new()
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = entity.Metadata.ResourceVersion,
                ["finalizers"] = new JsonArray([.. finalizers.Select(name => (JsonNode)name)]),
            },
        });
        try
        {
            var written = await writer.PatchAsync(entity, entity, patch, cancellation: cancellation);
            return declaration.Transform is { } transform ? transform(written) : written;
        }
        catch (KubernetesException exception) when (exception.IsNotFound && entity.Metadata.DeletionTimestamp is not null)
        {
            return entity; // gone already, and that is what was wanted
        }
    }
}

using Cpt.Kubernetes;

namespace Cpt.StandIn;

internal static class Owners
{
    /// <summary>Who manages an object, or null.</summary>
    public static OwnerReference? ControllerOf(IKubernetesObject item) => item.Metadata.OwnerReferences?.Find(owner => owner.Controller == true);

    /// <summary>Deletes an object that may be gone already, or be another one by now.</summary>
    public static async Task DeleteAsync<T>(KubernetesClient client, T item, DeleteOptions options, CancellationToken cancellation)
        where T : class, IKubernetesObject
    {
        try
        {
            await client.DeleteAsync<T>(item.Metadata.Name!, item.Metadata.Namespace, options with { Uid = item.Metadata.Uid }, cancellation);
        }
        catch (KubernetesException error) when (error.IsNotFound || error.IsConflict)
        {
            // Somebody was faster.
        }
    }
}

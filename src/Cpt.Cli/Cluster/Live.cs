using System.Runtime.CompilerServices;
using Cpt.Kubernetes;

namespace Cpt.Cli.Cluster;

/// <summary>Objects as they are at every moment: a list, kept up to date by a watch for as long as it takes, also through restarts of the API server.</summary>
internal static class Live
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(1);

    /// <param name="session">Where.</param>
    /// <param name="which">Namespace and selectors.</param>
    /// <param name="lost">Told when the server does not answer.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>All of them by name: at first, and after each change. Every one is a copy of its own.</returns>
    /// <exception cref="KubernetesException">Refused for good, or no answer to the first call.</exception>
    public static async IAsyncEnumerable<IReadOnlyDictionary<string, T>> ObjectsAsync<T>(
        ClusterSession session, ListOptions which, Action<Exception> lost, [EnumeratorCancellation] CancellationToken cancellation)
        where T : class, IKubernetesObject
    {
        for (var first = true; ; first = false)
        {
            var list = await ListAsync<T>(session, which, first, lost, cancellation);
            var objects = list.Items.ToDictionary(item => item.Metadata.Name!, StringComparer.Ordinal);
            yield return new Dictionary<string, T>(objects, StringComparer.Ordinal);

            var watch = session.Client.WatchAsync<T>(
                new()
                {
                    Namespace = which.Namespace,
                    LabelSelector = which.LabelSelector,
                    FieldSelector = which.FieldSelector,
                    ResourceVersion = list.ResourceVersion,
                    OnReconnect = broken => { if (broken is not null) lost(broken); },
                },
                cancellation).GetAsyncEnumerator(cancellation);
            await using (watch)
            {
                while (await NextAsync(watch) is { } change)
                {
                    if (Take(objects, change))
                    {
                        yield return new Dictionary<string, T>(objects, StringComparer.Ordinal);
                    }
                }
            }
        }
    }

    private static bool Take<T>(Dictionary<string, T> objects, WatchEvent<T> change)
        where T : class, IKubernetesObject
    {
        switch (change.Type)
        {
            case WatchEventType.Added or WatchEventType.Modified:
                objects[change.Object.Metadata.Name!] = change.Object;
                return true;
            case WatchEventType.Deleted:
                return objects.Remove(change.Object.Metadata.Name!);
            default:
                return false;
        }
    }

    /// <returns>Null when the server has forgotten what happened since: the list must be made anew.</returns>
    private static async ValueTask<WatchEvent<T>?> NextAsync<T>(IAsyncEnumerator<WatchEvent<T>> watch)
        where T : class, IKubernetesObject
    {
        try
        {
            return await watch.MoveNextAsync() ? watch.Current : null;
        }
        catch (ResourceExpiredException)
        {
            return null;
        }
    }

    private static async Task<ResourceList<T>> ListAsync<T>(ClusterSession session, ListOptions which, bool first, Action<Exception> lost, CancellationToken cancellation)
        where T : class, IKubernetesObject
    {
        while (true)
        {
            try
            {
                return await session.Client.ListAsync<T>(which, cancellation);
            }
            catch (KubernetesException away) when (!first && away.IsTransient)
            {
                lost(away);
                await Task.Delay(s_between, session.Time, cancellation);
            }
        }
    }
}

using System.Runtime.CompilerServices;
using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>Where the one lease lies.</summary>
internal interface ILeaseStore
{
    /// <returns>Null when there is none.</returns>
    Task<Lease?> ReadAsync(CancellationToken cancellation);

    Task<Lease> CreateAsync(LeaseSpec spec, CancellationToken cancellation);

    /// <summary>A conflict unless the lease is still as <paramref name="before"/>.</summary>
    Task<Lease> WriteAsync(Lease before, LeaseSpec spec, CancellationToken cancellation);

    /// <summary>Every change after <paramref name="from"/>; null when it was deleted.</summary>
    IAsyncEnumerable<Lease?> WatchAsync(Lease from, CancellationToken cancellation);
}

/// <summary>The lease in the cluster, over a client of its own: a renewal never stands behind a list of ten thousand objects, and does not retry past its time.</summary>
internal sealed class LeaseStore(KubernetesClient client, string name, string @namespace) : ILeaseStore, IDisposable
{
    public Task<Lease?> ReadAsync(CancellationToken cancellation) => client.TryGetAsync<Lease>(name, @namespace, cancellation);

    public Task<Lease> CreateAsync(LeaseSpec spec, CancellationToken cancellation) =>
        client.CreateAsync(new Lease { Metadata = new() { Name = name, Namespace = @namespace }, Spec = spec }, cancellation: cancellation);

    public Task<Lease> WriteAsync(Lease before, LeaseSpec spec, CancellationToken cancellation)
    {
        var patch = Patch.Between(before, before with { Spec = spec }, client.JsonTypeOf<Lease>(), onlyIfUnchanged: true);
        return patch is null ? Task.FromResult(before) : client.PatchAsync<Lease>(name, @namespace, patch, cancellation: cancellation);
    }

    public async IAsyncEnumerable<Lease?> WatchAsync(Lease from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var which = new WatchOptions { ResourceVersion = from.Metadata.ResourceVersion!, Namespace = @namespace, FieldSelector = "metadata.name=" + name };
        await foreach (var change in client.WatchAsync<Lease>(which, cancellation))
        {
            if (change.Type != WatchEventType.Bookmark)
            {
                yield return change.Type == WatchEventType.Deleted ? null : change.Object;
            }
        }
    }

    public void Dispose() => client.Dispose();
}

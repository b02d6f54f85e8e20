using System.Collections.Concurrent;

namespace Cpt.Controllers.Tests;

/// <summary>A controller that does what the test says, and writes down what it was called with.</summary>
internal sealed class Scripted : IEntityController<Fleet>
{
    public ConcurrentQueue<Fleet> Seen { get; } = new();

    public ConcurrentQueue<Fleet> Gone { get; } = new();

    public Func<Fleet, CancellationToken, Task<ReconciliationResult<Fleet>>> Reconcile { get; set; } = (fleet, _) => Task.FromResult(ReconciliationResult<Fleet>.Success(fleet));

    public Func<Fleet, CancellationToken, Task<ReconciliationResult<Fleet>>> Deleted { get; set; } = (fleet, _) => Task.FromResult(ReconciliationResult<Fleet>.Success(fleet));

    public int CountOf(string name) => Seen.Count(fleet => fleet.Metadata.Name == name);

    public Task<ReconciliationResult<Fleet>> ReconcileAsync(Fleet entity, CancellationToken cancellation)
    {
        Seen.Enqueue(entity);
        return Reconcile(entity, cancellation);
    }

    public Task<ReconciliationResult<Fleet>> DeletedAsync(Fleet entity, CancellationToken cancellation)
    {
        Gone.Enqueue(entity);
        return Deleted(entity, cancellation);
    }
}

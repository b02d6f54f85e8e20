using Cpt.Planning;

namespace Cpt.Cli.Running;

/// <summary>Runs that go on side by side in one process and share a storage. Two of them may come to the same stage at the same time; one trains it, and the other waits and takes it over.</summary>
internal interface INeighbours
{
    /// <summary>Takes what the attempt would write for this run, or waits until nobody has it any more.</summary>
    /// <returns>True: it had to wait, and the world is another one now.</returns>
    Task<bool> WaitForAsync(PlanAction.CreateJob wanted, RunNarrator narrator, CancellationToken stop);

    /// <summary>No attempt of this run is alive: what it had taken is free.</summary>
    void Leave();
}

using Cpt.Planning;
using Cpt.Runs;
using Cpt.Storage;

namespace Cpt.Cli.Running;

/// <summary>Looks up what the planner needs to know, in this process and at once.</summary>
internal sealed class LocalLookups(CheckpointStore store, InputResolver inputs, string cacheDirectory)
{
    private readonly StorageLookups _lookups = new(() => store, inputs, cacheDirectory);
    private readonly KnownArtifacts _known = new();

    public CheckpointStore Store => store;

    /// <inheritdoc cref="KnownArtifacts.Refresh"/>
    public void Refresh() => _known.Refresh();

    /// <summary>Looks up until the planner misses nothing: one answer may raise the next question.</summary>
    public async Task<Observation> CompleteAsync(Observation observation, CancellationToken cancellationToken)
    {
        while (true)
        {
            observation = observation with { Artifacts = _known.Current };
            var needs = Planner.Needs(observation);
            if (needs.Count == 0)
            {
                return observation;
            }

            foreach (var need in needs)
            {
                _known.Add(need, await _lookups.FindAsync(need, cancellationToken));
            }
        }
    }
}

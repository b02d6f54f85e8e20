using Cpt.Api;
using Cpt.Operator.Jobs;

namespace Cpt.Operator.Lookups;

/// <summary>
/// Claims as this process has them mounted: under <c>VOLUMES/NAMESPACE/CLAIM</c>, or under <c>VOLUMES/CLAIM</c> where there is but one of the name. A pod sees only its own
/// namespace's claims, so the operator reads another namespace's through a mount of the same storage.
/// </summary>
internal sealed class ClusterVolumes(string? volumes)
{
    /// <summary>What CPT_VOLUMES must be for a claim; null when it is not mounted.</summary>
    public string? DirectoryFor(string @namespace, string claim)
    {
        if (volumes is null)
        {
            return null;
        }

        var own = Path.Combine(volumes, @namespace);
        return Directory.Exists(Path.Combine(own, claim)) ? own : Directory.Exists(Path.Combine(volumes, claim)) ? volumes : null;
    }

    /// <summary>What a run asks for that this operator cannot look up.</summary>
    public IEnumerable<FieldError> Check(ContinualRun run, string @namespace) =>
        Claim.Of(run)
            .Where(claim => DirectoryFor(@namespace, claim.Name) is null)
            .Select(claim => new FieldError(
                claim.Field,
                $"the operator has not mounted claim \"{claim.Name}\", so it could not see what is committed there; mount it under {volumes ?? "CPT_VOLUMES"}/{@namespace}/{claim.Name} (chart value volumes), or use azblob://"));
}

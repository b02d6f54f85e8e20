using Cpt.Api;

namespace Cpt.Operator.Jobs;

/// <summary>A volume claim that a run names by <c>pvc://claim/path</c>.</summary>
/// <param name="Name">The PersistentVolumeClaim, in the run's namespace.</param>
/// <param name="Field">The first field that names it.</param>
/// <param name="Written">Checkpoints go there; otherwise it is only read.</param>
internal sealed record Claim(string Name, string Field, bool Written)
{
    private const string Scheme = "pvc://";

    /// <summary>Each claim once, in order of appearance.</summary>
    public static IReadOnlyList<Claim> Of(ContinualRun run) =>
    [
        .. Uris(run)
            .Where(entry => entry.Uri.StartsWith(Scheme, StringComparison.Ordinal))
            .Select(entry => new Claim(entry.Uri[Scheme.Length..].Split('/', 2)[0], entry.Field, entry.Written))
            .GroupBy(claim => claim.Name, StringComparer.Ordinal)
            .Select(group => group.First() with { Written = group.Any(claim => claim.Written) }),
    ];

    /// <summary>Everything that a pod of the run reads or writes, by field.</summary>
    public static IEnumerable<(string Field, string Uri, bool Written)> Uris(ContinualRun run)
    {
        yield return ("spec.storage.uri", run.Spec.Storage.Uri, true);
        yield return ("spec.baseModel.uri", run.Spec.BaseModel.Uri, false);
        foreach (var (index, stage) in run.Spec.Stages.Index())
        {
            foreach (var task in TaskColumns.Of(stage))
            {
                yield return ($"spec.stages[{index}].{task.Field}.uri", task.Uri, false);
            }
        }

        foreach (var (index, benchmark) in (run.Spec.Evaluation?.Benchmarks ?? []).Index())
        {
            yield return ($"spec.evaluation.benchmarks[{index}].uri", benchmark.Uri, false);
        }
    }
}

using System.Globalization;
using Cpt.Api;
using Cpt.Operator.Jobs;
using Cpt.Operator.Lookups;

namespace Cpt.Operator.Runs;

/// <summary>What a run may not ask for on a cluster, beyond what is wrong with it anywhere.</summary>
internal sealed class ClusterRules(TrainerSettings trainer, ClusterVolumes volumes)
{
    private const int LongestHostName = 63;

    public IReadOnlyList<FieldError> Check(ContinualRun run)
    {
        var errors = new List<FieldError>();
        foreach (var (field, uri, _) in Claim.Uris(run).Where(entry => entry.Uri.StartsWith("file://", StringComparison.Ordinal)))
        {
            errors.Add(new FieldError(field, $"\"{uri}\" is a directory of one machine, and pods may start on any; use azblob:// or pvc:// (file:// is for cpt run)"));
        }

        errors.AddRange(volumes.Check(run, run.Metadata.Namespace!));
        for (var stage = 0; stage < run.Spec.Stages.Count; stage++)
        {
            var workload = Workload.Of(run, stage);
            errors.AddRange(PodOverrides.Check(workload));
            if (workload.Image is null && trainer.Image is null)
            {
                errors.Add(new FieldError(workload.PathOf("image"), "is missing, and the operator has no default; name the trainer's image (or start the operator with --trainer-image)"));
            }

            if (workload.Nodes > 1 && HostName(run, stage, workload.Nodes) is { Length: > LongestHostName } host)
            {
                errors.Add(new FieldError(
                    $"spec.stages[{stage}].name",
                    $"\"{run.Spec.Stages[stage].Name}\" is too long beside the run's name: the host name {host} of the last node has {host.Length} characters, and at most {LongestHostName} are allowed"));
            }
        }

        // Most of it stands in the common template, and is then wrong for every stage in the same words.
        return [.. errors.Distinct()];
    }

    private static string HostName(ContinualRun run, int stage, int nodes) =>
        string.Create(CultureInfo.InvariantCulture, $"{run.Metadata.Name}-{run.Spec.Stages[stage].Name}-a1-{nodes - 1}");
}

using System.Globalization;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Planning;
using Cpt.Runs;

namespace Cpt.Operator.Jobs;

/// <summary>One attempt as a Job: create-once, one pod a node, never restarted by anybody but the planner.</summary>
internal static class StageJob
{
    private const string WorkloadIdentityLabel = "azure.workload.identity/use";

    /// <exception cref="PodFaultException">The template cannot be used; the field is named.</exception>
    public static Job Build(RunObject owner, ContinualRun run, PlanAction.CreateJob attempt, TrainerSettings settings)
    {
        var spec = attempt.Spec;
        var workload = Workload.Of(run, spec.Index);
        var labels = LabelsOf(spec);
        var pod = PodOverrides.Apply(TrainerPod.Build(run, workload, settings, attempt.JobName), workload);
        return new Job
        {
            Metadata = new()
            {
                Name = attempt.JobName,
                Namespace = owner.Metadata.Namespace,
                Labels = run.Spec.Queue is { } queue ? new(labels, StringComparer.Ordinal) { [Labels.Queue] = queue.Name } : labels,
                Annotations = new(StringComparer.Ordinal) { [Annotations.RetryToken] = attempt.RetryToken },
                OwnerReferences = [OwnerReference.ControllerOf(owner)],
            },
            Spec = new JobSpec
            {
                Parallelism = workload.Nodes,
                Completions = workload.Nodes,
                CompletionMode = workload.Nodes > 1 ? "Indexed" : null,
                BackoffLimit = 0,
                Suspend = attempt.Queued ? true : null,
                PodFailurePolicy = FailurePolicy(),
                PodReplacementPolicy = "Failed",
                Template = new PodTemplateSpec
                {
                    Metadata = new()
                    {
                        Labels = UsesWorkloadIdentity(run) ? new(labels, StringComparer.Ordinal) { [WorkloadIdentityLabel] = "true" } : labels,
                        Annotations = TrainerPod.AnnotationsOf(spec),
                    },
                    Spec = pod,
                },
            },
        };
    }

    private static Dictionary<string, string> LabelsOf(StageSpec spec) => new(StringComparer.Ordinal)
    {
        [Labels.Run] = spec.Run,
        [Labels.Stage] = spec.Stage,
        [Labels.StageIndex] = spec.Index.ToString(CultureInfo.InvariantCulture),
        [Labels.Attempt] = spec.Attempt.ToString(CultureInfo.InvariantCulture),
        [Labels.StageHash] = spec.StageHash,
        [Labels.ManagedBy] = Labels.ManagedByValue,
    };

    /// <summary>
    /// Nothing hangs on it: with <c>backoffLimit: 0</c> any failed pod fails the Job. But a server that knows it writes what it matched into the Job's own condition, and that stays
    /// readable when the pod is gone, as after a drain. An Ignore would start a second pod within the attempt, and its progress would be nobody's.
    /// </summary>
    private static PodFailurePolicy FailurePolicy() => new()
    {
        Rules =
        [
            new PodFailurePolicyRule
            {
                Action = "FailJob",
                OnExitCodes = new PodFailurePolicyOnExitCodes
                {
                    ContainerName = TrainerPod.Container,
                    Operator = "In",
                    Values = [ExitCodes.BadSpec, ExitCodes.BadData, ExitCodes.InputNotFound, ExitCodes.Stopped],
                },
            },
            new PodFailurePolicyRule { Action = "FailJob", OnPodConditions = [new PodFailurePolicyOnPodCondition { Type = "DisruptionTarget" }] },
        ],
    };

    /// <summary>Azure's webhook gives an identity to pods that ask for one.</summary>
    private static bool UsesWorkloadIdentity(ContinualRun run) =>
        run.Spec.Storage.SecretRef is null && Claim.Uris(run).Any(entry => entry.Uri.StartsWith("azblob://", StringComparison.Ordinal));
}

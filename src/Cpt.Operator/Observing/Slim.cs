using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.Operator.Jobs;

namespace Cpt.Operator.Observing;

/// <summary>Strips Jobs and Pods to what a decision rests on: of a hundred kilobytes of templates and statuses some hundred bytes stay, and a cache holds tens of thousands.</summary>
internal static class Slim
{
    public static Job Job(Job job)
    {
        Metadata(job.Metadata, Labels.Run, Labels.Stage, Labels.Attempt, Labels.StageHash, Labels.Queue);
        job.Metadata.Annotations = job.Metadata.Annotations?.GetValueOrDefault(Annotations.RetryToken) is { Length: > 0 } token
            ? new(StringComparer.Ordinal) { [Annotations.RetryToken] = token }
            : null;
        job.Spec = new JobSpec { Suspend = job.Spec.Suspend, Completions = job.Spec.Completions };
        return job;
    }

    public static Pod Pod(Pod pod)
    {
        Metadata(pod.Metadata, Labels.Run);
        pod.Metadata.Annotations = null;
        pod.Spec = new PodSpec { NodeName = pod.Spec.NodeName };
        if (pod.Status is { } status)
        {
            status.ContainerStatuses = status.ContainerStatuses?.FindAll(container => container.Name == TrainerPod.Container);
            status.Conditions = status.Conditions?.FindAll(condition => condition.Type == PodReasons.DisruptionTarget || (condition.Type == PodReasons.PodScheduled && !condition.IsTrue));
            status.InitContainerStatuses = null;
            foreach (var container in status.ContainerStatuses ?? [])
            {
                container.Image = container.ImageID = container.ContainerID = null;
                container.LastState = null;
            }
        }

        return pod;
    }

    private static void Metadata(Cpt.Kubernetes.ObjectMeta metadata, params ReadOnlySpan<string> labels)
    {
        Dictionary<string, string>? kept = null;
        foreach (var label in labels)
        {
            if (metadata.Labels?.TryGetValue(label, out var value) == true)
            {
                // The key of the list above: one string for all objects.
                (kept ??= new(labels.Length, StringComparer.Ordinal))[label] = value;
            }
        }

        metadata.Labels = kept;
        metadata.GenerateName = null;
        metadata.Finalizers = null;
        metadata.OwnerReferences = metadata.OwnerReferences?.FindAll(owner => owner.Controller == true);
    }
}

using Cpt.Kubernetes;
using Cpt.Operator.Jobs;

namespace Cpt.Operator.Observing;

/// <summary>Everything that Kubernetes says about why a pod ended or does not start, the most telling first.</summary>
internal static class PodReasons
{
    public const string DisruptionTarget = "DisruptionTarget";
    public const string PodScheduled = "PodScheduled";

    /// <summary>Said of every container on its way, or of every one that ended: no reason.</summary>
    private static readonly HashSet<string?> s_plain = new(StringComparer.Ordinal) { null, "", "Completed", "Error", "ContainerCreating", "PodInitializing" };

    public static IReadOnlyList<string> Of(Pod pod)
    {
        var reasons = new List<string>();
        Add(pod.Status?.Reason);
        if (pod.Status?.Conditions?.Find(condition => condition.Type == DisruptionTarget && condition.IsTrue) is { } disrupted)
        {
            Add(disrupted.Reason);
            Add(DisruptionTarget);
        }

        if (pod.Status?.Conditions?.Find(condition => condition.Type == PodScheduled && condition.Status == "False") is { } unscheduled)
        {
            Add(unscheduled.Reason);
        }

        var state = Trainer(pod)?.State;
        Add(state?.Terminated?.Reason);
        Add(state?.Waiting?.Reason);
        return reasons;

        void Add(string? reason)
        {
            if (!s_plain.Contains(reason) && !reasons.Contains(reason!))
            {
                reasons.Add(reason!);
            }
        }
    }

    /// <summary>For people. The termination message is not one: it is the trainer's result.</summary>
    public static string? Message(Pod pod)
    {
        var unscheduled = pod.Status?.Conditions?.Find(condition => condition.Type == PodScheduled && condition.Status == "False")?.Message;
        var disrupted = pod.Status?.Conditions?.Find(condition => condition.Type == DisruptionTarget && condition.IsTrue)?.Message;
        return new[] { pod.Status?.Message, disrupted, Trainer(pod)?.State?.Waiting?.Message, unscheduled }.FirstOrDefault(message => !string.IsNullOrEmpty(message));
    }

    public static ContainerStatus? Trainer(Pod pod) => pod.Status?.ContainerStatuses?.Find(container => container.Name == TrainerPod.Container);
}

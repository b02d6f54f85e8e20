using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>What <c>spec.podFailurePolicy</c> makes of a failed pod; servers that know no such policy have dropped it.</summary>
internal static class FailurePolicy
{
    /// <returns><c>FailJob</c>, <c>Ignore</c> or <c>Count</c>.</returns>
    public static string ActionFor(Job job, Pod pod) =>
        job.Spec.PodFailurePolicy?.Rules.Find(rule => Matches(rule, pod))?.Action ?? "Count";

    private static bool Matches(PodFailurePolicyRule rule, Pod pod)
    {
        if (rule.OnExitCodes is { } codes)
        {
            return (pod.Status?.ContainerStatuses ?? [])
                .Where(container => codes.ContainerName is null || container.Name == codes.ContainerName)
                .Select(container => container.State?.Terminated?.ExitCode)
                .Any(code => code is { } value and not 0 && codes.Values.Contains(value) == (codes.Operator == "In"));
        }

        return rule.OnPodConditions?.Exists(pattern => pod.Status?.Conditions?.Exists(condition => condition.Type == pattern.Type && condition.Status == pattern.Status) == true) == true;
    }
}

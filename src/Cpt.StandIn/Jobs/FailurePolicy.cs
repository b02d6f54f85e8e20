using System.Globalization;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>What <c>spec.podFailurePolicy</c> makes of a failed pod; servers that know no such policy have dropped it.</summary>
internal static class FailurePolicy
{
    /// <returns>The action (<c>FailJob</c>, <c>Ignore</c>, <c>Count</c>), and what a real Job controller says of it in the Job's condition.</returns>
    public static (string Action, string Message) For(Job job, Pod pod)
    {
        var rules = job.Spec.PodFailurePolicy?.Rules ?? [];
        var index = rules.FindIndex(rule => Matches(rule, pod));
        if (index < 0)
        {
            return ("Count", "");
        }

        var rule = rules[index];
        var ended = pod.Status?.ContainerStatuses?.Find(container => container.State?.Terminated?.ExitCode is not (null or 0));
        var what = rule.OnExitCodes is null
            ? $"Pod {ObjectKey.Of(pod)} has condition {pod.Status?.Conditions?.Find(condition => rule.OnPodConditions!.Exists(pattern => pattern.Type == condition.Type))?.Type}"
            : string.Create(CultureInfo.InvariantCulture, $"Container {ended?.Name} for pod {ObjectKey.Of(pod)} failed with exit code {ended?.State?.Terminated?.ExitCode}");
        return (rule.Action, string.Create(CultureInfo.InvariantCulture, $"{what} matching {rule.Action} rule at index {index}"));
    }

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

using System.Globalization;
using Cpt.Api;
using Cpt.Kubernetes;

namespace Cpt.Cli.Cluster.Logs;

/// <summary>A pod of a run, and which attempt of which stage it carries out.</summary>
internal sealed record AttemptPod
{
    private const string NodeIndex = "batch.kubernetes.io/job-completion-index";
    private const string DefaultContainer = "kubectl.kubernetes.io/default-container";

    private AttemptPod(Pod pod) => Pod = pod;

    public Pod Pod { get; }

    public string Name => Pod.Metadata.Name!;

    public string Stage => Label(Labels.Stage) ?? "";

    public int Attempt => Number(Label(Labels.Attempt)) ?? 0;

    /// <summary>In a Job of several nodes; 0 otherwise.</summary>
    public int Node => Number(Label(NodeIndex) ?? Pod.Metadata.Annotations?.GetValueOrDefault(NodeIndex)) ?? 0;

    /// <summary>Where a sidecar was put beside it, the trainer comes first in the pod's own list, unless the pod says otherwise.</summary>
    public string? Container => Pod.Metadata.Annotations?.GetValueOrDefault(DefaultContainer) ?? Pod.Spec.Containers.FirstOrDefault()?.Name;

    /// <summary>Chain order; a pod that the Job controller made again comes after the one it replaces.</summary>
    public (int Stage, int Attempt, DateTimeOffset Created, string Name) Order =>
        (Number(Label(Labels.StageIndex)) ?? 0, Attempt, Pod.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue, Name);

    /// <summary>Nothing more will be written.</summary>
    public bool IsOver => Pod.Status?.Phase is "Succeeded" or "Failed" || StateOf?.Terminated is not null;

    /// <summary>There is a log to ask for.</summary>
    public bool HasStarted => StateOf is { Running: not null } or { Terminated: not null };

    /// <summary>Why it has not started, in the words of whoever holds it up.</summary>
    public string Waiting => StateOf?.Waiting is { Reason: { } reason } waiting
        ? waiting.Message is { Length: > 0 } message ? $"{reason}: {message}" : reason
        : Pod.Status?.Conditions?.Find(condition => condition is { Type: "PodScheduled", Status: "False" }) is { } unscheduled ? $"{unscheduled.Reason}: {unscheduled.Message}" : Pod.Status?.Phase ?? "Pending";

    private ContainerState? StateOf => Pod.Status?.ContainerStatuses?.Find(status => status.Name == Container)?.State;

    /// <returns>Those of the node asked for, in chain order.</returns>
    public static IReadOnlyList<AttemptPod> Of(IEnumerable<Pod> pods, int node) =>
        [.. pods.Select(pod => new AttemptPod(pod)).Where(pod => pod.Node == node).OrderBy(pod => pod.Order)];

    private string? Label(string name) => Pod.Metadata.Labels?.GetValueOrDefault(name);

    private static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

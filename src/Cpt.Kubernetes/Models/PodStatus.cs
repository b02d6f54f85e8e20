using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <summary>What a pod is doing. Only read here, so fields without a use are left out.</summary>
public sealed record PodStatus
{
    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Unknown</c>.</summary>
    public string? Phase { get; set; }

    public List<Condition>? Conditions { get; set; }

    /// <summary>Why the node ended it: <c>Evicted</c>, <c>Preempted</c>, <c>Shutdown</c>, <c>NodeLost</c> …</summary>
    public string? Reason { get; set; }

    public string? Message { get; set; }

    public string? PodIP { get; set; }

    public string? HostIP { get; set; }

    public string? NominatedNodeName { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? StartTime { get; set; }

    public List<ContainerStatus>? InitContainerStatuses { get; set; }

    public List<ContainerStatus>? ContainerStatuses { get; set; }
}

public sealed record ContainerStatus
{
    public string Name { get; set; } = "";

    public bool Ready { get; set; }

    public bool? Started { get; set; }

    public int RestartCount { get; set; }

    public string? Image { get; set; }

    public string? ImageID { get; set; }

    public string? ContainerID { get; set; }

    public ContainerState? State { get; set; }

    public ContainerState? LastState { get; set; }
}

/// <summary>One of the three is set.</summary>
public sealed record ContainerState
{
    public ContainerStateWaiting? Waiting { get; set; }

    public ContainerStateRunning? Running { get; set; }

    public ContainerStateTerminated? Terminated { get; set; }
}

public sealed record ContainerStateWaiting
{
    /// <summary><c>ImagePullBackOff</c>, <c>CreateContainerConfigError</c> …</summary>
    public string? Reason { get; set; }

    public string? Message { get; set; }
}

public sealed record ContainerStateRunning
{
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? StartedAt { get; set; }
}

public sealed record ContainerStateTerminated
{
    public int ExitCode { get; set; }

    public int? Signal { get; set; }

    /// <summary><c>Completed</c>, <c>Error</c>, <c>OOMKilled</c> …</summary>
    public string? Reason { get; set; }

    /// <summary>What the container wrote to its termination message.</summary>
    public string? Message { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? StartedAt { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? FinishedAt { get; set; }
}

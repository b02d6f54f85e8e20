using Cpt.Contract;

namespace Cpt.StandIn;

/// <summary>How a pod ended, as its status says.</summary>
internal sealed record PodEnd(int ExitCode, StageResult? Result)
{
    /// <summary>Of the container's termination.</summary>
    public string ContainerReason { get; init; } = ExitCode == 0 ? "Completed" : "Error";

    /// <summary><c>status.reason</c>.</summary>
    public string? PodReason { get; init; }

    /// <summary><c>status.message</c>.</summary>
    public string? PodMessage { get; init; }

    /// <summary>Reason of the condition DisruptionTarget.</summary>
    public string? Disruption { get; init; }

    public static PodEnd Of(TrainerEnd end, Ending ending) => ending switch
    {
        Ending.OutOfMemory => new(TrainerEnd.Killed, null) { ContainerReason = "OOMKilled" },
        Ending.Evicted => new(TrainerEnd.Killed, null) { PodReason = "Evicted", PodMessage = "The node was low on resource: ephemeral-storage." },
        Ending.Disrupted disrupted => new(TrainerEnd.Killed, null) { Disruption = disrupted.Reason },
        _ => new(end.ExitCode, end.Result),
    };
}

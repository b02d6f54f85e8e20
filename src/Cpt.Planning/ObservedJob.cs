using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>One attempt as it can be seen: a Kubernetes Job with its pods, or a child process with its record.</summary>
public sealed record ObservedJob
{
    /// <summary><c>&lt;run&gt;-&lt;stage&gt;-a&lt;N&gt;</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the stage, from the Job's label.</summary>
    public required string Stage { get; init; }

    /// <summary>1-based, from the Job's label.</summary>
    public required int Attempt { get; init; }

    /// <summary>What it trains, from the Job's label.</summary>
    public required string StageHash { get; init; }

    /// <summary>The run's retry token when it was created, from the Job's annotation.</summary>
    public string RetryToken { get; init; } = "";

    /// <summary>
    /// False for a Job of the same name that belongs to somebody else (an earlier run of this name that is still being removed):
    /// its number is not used again, and nothing else follows from it.
    /// </summary>
    public bool Owned { get; init; } = true;

    public required JobPhase Phase { get; init; }

    /// <summary>Somebody asked it to end: a deletion timestamp, or SIGTERM was sent.</summary>
    public bool Stopping { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Of the trainer; null when it left none.</summary>
    public int? ExitCode { get; init; }

    /// <summary>
    /// Everything that Kubernetes says about why it ended or does not start: the pod's status reason, the types and reasons of its true
    /// conditions, the reason of the container's termination. <see cref="AttemptEnds"/> knows which of them mean a preemption. The
    /// local runner says <see cref="AttemptEnds.RunnerGone"/> for a record whose process is no more.
    /// </summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>For people: the pod's or the process' own message.</summary>
    public string? Message { get; init; }

    /// <summary>The trainer's termination message.</summary>
    public StageResult? Result { get; init; }

    /// <summary>The trainer's last /progress while it runs.</summary>
    public StageProgress? Progress { get; init; }

    /// <summary>True while a process of it may still be running, or may yet start.</summary>
    public bool Live => Phase is JobPhase.Queued or JobPhase.Pending or JobPhase.Running;
}

public enum JobPhase
{
    /// <summary>Created suspended; a queue has not admitted it.</summary>
    Queued,

    /// <summary>No process of it runs yet.</summary>
    Pending,

    /// <summary>The trainer runs.</summary>
    Running,

    /// <summary>Ended with exit code 0.</summary>
    Succeeded,

    /// <summary>Ended in any other way.</summary>
    Failed,
}

using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>Why an attempt ended, as far as the chain cares.</summary>
public enum AttemptEnd
{
    /// <summary>Exit code 0.</summary>
    Completed,

    /// <summary>Taken away: goes on at once, costs no retry.</summary>
    Preempted,

    /// <summary>A new attempt cannot cure it.</summary>
    Permanent,

    /// <summary>Worth another try.</summary>
    Failed,
}

/// <summary>Tells a preemption from a failure.</summary>
public static class AttemptEnds
{
    /// <summary>Said by the local runner of a job record whose process is no more: the runner itself was killed.</summary>
    public const string RunnerGone = "RunnerGone";

    /// <summary>Said by the kubelet that shuts down, and by the local runner that was asked to stop without waiting.</summary>
    public const string Terminated = "Terminated";

    /// <summary>Said of a Job that failed although no pod of it is left to say so: one that fails by itself stays to be seen, so this one was deleted while it ran.</summary>
    public const string PodGone = "PodGone";

    /// <summary>
    /// Names under which Kubernetes says that a pod was taken away: the condition DisruptionTarget and its reasons, reasons of a pod's status
    /// set by the kubelet, the node lifecycle controller and the scheduler, and Kueue's eviction.
    /// </summary>
    private static readonly HashSet<string> s_preemptions = new(StringComparer.Ordinal)
    {
        "DisruptionTarget", "PreemptionByScheduler", "DeletionByTaintManager", "EvictionByEvictionAPI", "DeletionByPodGC", "TerminationByKubelet",
        // First two of this line: a container of which nothing was known any more once its node was back from a crash, in the kubelet's word and in containerd's.
        "ContainerStatusUnknown", "Unknown", "Evicted", "Preempted", "Preempting", "Shutdown", "NodeShutdown", Terminated, "NodeLost", "NodeAffinity", "UnexpectedAdmissionError",
        RunnerGone, PodGone,
    };

    /// <summary>Only for a Job that has ended.</summary>
    public static AttemptEnd Of(ObservedJob job)
    {
        if (job.Phase == JobPhase.Succeeded)
        {
            return AttemptEnd.Completed;
        }

        // A trainer that says what is wrong with its input is believed even if the node went away a moment later.
        if (job.ExitCode is { } code && ExitCodes.IsPermanent(code))
        {
            return AttemptEnd.Permanent;
        }

        return job.ExitCode == ExitCodes.Stopped || job.Reasons.Any(s_preemptions.Contains) ? AttemptEnd.Preempted : AttemptEnd.Failed;
    }
}

namespace Cpt.StandIn;

/// <summary>What one attempt does.</summary>
public sealed record AttemptScript
{
    public Ending Ending { get; init; } = new Ending.Completes();

    /// <summary>From the start of training to the end of the attempt.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Waited for before the attempt ends, for tests that decide the moment.</summary>
    public Func<CancellationToken, Task>? Until { get; init; }

    /// <summary>Steps due.</summary>
    public int Steps { get; init; } = 4;

    /// <summary>An intermediate checkpoint after every so many steps; 0: none.</summary>
    public int CommitEvery { get; init; }

    /// <summary>Where it ends if it does not complete: after so many of <see cref="Steps"/>. Null: half way.</summary>
    public int? EndsAfterStep { get; init; }

    /// <summary>On SIGTERM: commit and exit with 75; otherwise die of the signal (143).</summary>
    public bool SavesWhenStopped { get; init; } = true;

    /// <summary>How long saving takes. Longer than the grace period: killed (137), nothing saved.</summary>
    public TimeSpan Saving { get; init; }

    /// <summary>Mean reward shown in /progress.</summary>
    public double? Reward { get; init; }
}

/// <summary>How an attempt ends.</summary>
public abstract record Ending
{
    private Ending()
    {
    }

    /// <summary>Everything committed, exit code 0.</summary>
    public sealed record Completes : Ending;

    /// <summary>Runs until somebody stops it.</summary>
    public sealed record Never : Ending;

    /// <param name="Code">One of <see cref="Contract.ExitCodes"/>, or another.</param>
    /// <param name="Reason">In the termination message; null: the container leaves none.</param>
    /// <param name="Message">For people.</param>
    public sealed record Exits(int Code, string? Reason = null, string? Message = null) : Ending;

    /// <summary>The kernel kills it for its memory.</summary>
    public sealed record OutOfMemory : Ending;

    /// <summary>The kubelet ends it for lack of something on the node: pod Failed, <c>status.reason</c> Evicted.</summary>
    public sealed record Evicted : Ending;

    /// <summary>The pod fails with the condition DisruptionTarget.</summary>
    public sealed record Disrupted(string Reason = "EvictionByEvictionAPI") : Ending;

    /// <summary>The scheduler needs its place: DisruptionTarget, then deleted in grace; the trainer saves.</summary>
    public sealed record Preempted : Ending;

    /// <summary>The pod vanishes with its node: nobody saves.</summary>
    public sealed record NodeLost : Ending;

    /// <summary>The image cannot be had: waits as ImagePullBackOff until stopped.</summary>
    public sealed record ImageMissing : Ending;

    /// <summary>No node takes it: Pending and Unschedulable until stopped.</summary>
    public sealed record Unschedulable : Ending;
}

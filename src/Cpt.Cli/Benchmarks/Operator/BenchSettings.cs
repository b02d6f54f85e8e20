namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>How much is measured.</summary>
internal sealed record BenchSettings
{
    /// <summary>Numbers of runs whose stage never ends, in rising order; with each of them handoff, memory and the rest are measured anew.</summary>
    public required IReadOnlyList<int> LiveRuns { get; init; }

    /// <summary>Runs that are timed one beside a few others.</summary>
    public required int HandoffRuns { get; init; }

    public required int HandoffStages { get; init; }

    /// <summary>Stages of a chain that is measured while it runs: as many as people have, for what a status costs grows with them.</summary>
    public const int ChainStages = 12;

    /// <summary>Timed runs side by side: enough to be done some day, too few to queue.</summary>
    public int HandoffParallel { get; init; } = 2;

    /// <summary>Runs that all go on at the same time, for transitions a second.</summary>
    public required int ChainRuns { get; init; }

    /// <summary>For how long at most, once all of them go and until the first is done: a busy machine gives fewer transitions, not a longer measurement.</summary>
    public required int ChainSeconds { get; init; }

    /// <summary>Changes of runs that ask for nothing.</summary>
    public required int NoOps { get; init; }

    /// <summary>Whether a leader is killed and stopped: each takes up to a lease's duration.</summary>
    public required bool Failover { get; init; }

    public static BenchSettings Full(IReadOnlyList<int> liveRuns) => new()
    {
        LiveRuns = liveRuns, HandoffRuns = 10, HandoffStages = 12, ChainRuns = 200, ChainSeconds = 30, NoOps = 200, Failover = true,
    };

    /// <summary>Everything once, in a minute: shows that the measurement works, not how fast anything is.</summary>
    public static BenchSettings Quick { get; } = new()
    {
        LiveRuns = [20], HandoffRuns = 2, HandoffStages = 4, ChainRuns = 4, ChainSeconds = 5, NoOps = 10, Failover = false,
    };
}

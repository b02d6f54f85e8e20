namespace Cpt.Contract;

/// <summary>A scorer whose verdict counts besides the task's own.</summary>
public sealed record RewardComponentSpec
{
    public required string Scorer { get; init; }

    public required double Weight { get; init; }
}

/// <summary>A user's own judge of rollouts. The part that decides weights; how it is called stands in <see cref="RewardCallSpec"/>.</summary>
public sealed record RewardServiceSpec
{
    public required string Url { get; init; }

    public required double Weight { get; init; }
}

/// <summary>How a reward service is called. Changes no reward, so it is not part of the stage hash.</summary>
public sealed record RewardCallSpec
{
    public int TimeoutSeconds { get; init; } = 30;

    /// <summary>Rollouts a request.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Further tries of a request that failed in passing.</summary>
    public int Retries { get; init; } = 3;
}

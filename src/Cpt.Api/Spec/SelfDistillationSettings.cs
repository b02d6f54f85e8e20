using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>Learns the stage's own valid rollouts instead of the task's answers (RAFT, arXiv:2304.06767): before step 1 its input model answers every train sample several times. Only for method SFT.</summary>
public sealed record SelfDistillationSettings
{
    /// <summary>Rollouts of each sample.</summary>
    [Minimum(1)]
    [Maximum(1024)]
    public int? Rollouts { get; init; }

    /// <summary>A rollout that is finished, graded right, has the form its prompt asked for and earns this or more is valid; a sample without any is dropped.</summary>
    [Decimal(Minimum = 0, Maximum = 1)]
    public string? MinimumReward { get; init; }

    /// <summary>How many valid rollouts of a sample are learned.</summary>
    public LearnedRollouts? PerSample { get; init; }

    /// <summary>How questions are put, in rollouts and in training.</summary>
    public PromptMode? Prompt { get; init; }

    /// <summary>Sampling temperature of rollouts.</summary>
    [Decimal(Above = 0, Maximum = 10)]
    public string? Temperature { get; init; }

    /// <summary>Nucleus sampling; "1" = off.</summary>
    [Decimal(Above = 0, Maximum = 1)]
    public string? TopP { get; init; }

    /// <summary>Longest rollout, in tokens.</summary>
    [Minimum(1)]
    public int? MaxResponseTokens { get; init; }
}

/// <summary>How many valid rollouts of a sample are learned.</summary>
public enum LearnedRollouts
{
    /// <summary>The one that earned most; of equals the first.</summary>
    One,

    /// <summary>All, equal ones as often as they were drawn.</summary>
    All,
}

using System.Text.Json.Serialization;
using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>Reinforcement fine-tuning: how rollouts are sampled and rewarded, and how the policy follows.</summary>
public sealed record RftSettings
{
    /// <summary>How advantages are made from rewards.</summary>
    public Algorithm? Algorithm { get; init; }

    /// <summary>Rollouts a prompt.</summary>
    [Minimum(2, "a group needs at least 2 rollouts")]
    [Maximum(1024)]
    public int? GroupSize { get; init; }

    /// <summary>Weight of the KL term in the loss; "0" = none.</summary>
    [Decimal(Minimum = 0)]
    public string? KlCoefficient { get; init; }

    /// <summary>What the KL term is measured against, and how.</summary>
    public KlSettings? Kl { get; init; }

    /// <summary>ε_low: the ratio is clipped below 1 − ε_low; "0.2", or "0.0003" with algorithm GSPO, where it is left out.</summary>
    [Decimal(Above = 0, Maximum = 1)]
    public string? ClipLow { get; init; }

    /// <summary>ε_high: the ratio is clipped above 1 + ε_high; "0.3", or "0.0004" with algorithm GSPO, where it is left out.</summary>
    [Decimal(Above = 0)]
    public string? ClipHigh { get; init; }

    /// <summary>c of the dual clip, above 1: bounds the loss of samples with a negative advantage; "0" = off. "3", or "0" with algorithm GSPO, where it is left out.</summary>
    [Decimal(Minimum = 0)]
    public string? DualClip { get; init; }

    /// <summary>Sampling temperature of rollouts.</summary>
    [Decimal(Above = 0, Maximum = 10)]
    public string? Temperature { get; init; }

    /// <summary>Nucleus sampling; "1" = off.</summary>
    [Decimal(Above = 0, Maximum = 1)]
    public string? TopP { get; init; }

    /// <summary>Most likely tokens sampled from; 0 = off.</summary>
    [Minimum(0)]
    public int? TopK { get; init; }

    /// <summary>Longest rollout, in tokens.</summary>
    [Minimum(1)]
    public int? MaxResponseTokens { get; init; }

    /// <summary>Optimizer steps a rollout batch.</summary>
    [Minimum(1)]
    [Maximum(1024)]
    public int? MiniBatches { get; init; }

    /// <summary>How token losses become one number; TokenMean where it is left out. Not beside algorithm DrGRPO or GSPO, which say it themselves.</summary>
    public Aggregation? LossAggregation { get; init; }

    /// <summary>Groups whose rewards are all equal teach nothing: drop them and draw at most this many extra batches; 0 = off. Not beside algorithm REINFORCEPlusPlus, which learns from such groups.</summary>
    [Minimum(0)]
    [Maximum(64)]
    public int? DynamicSampling { get; init; }

    /// <summary>How questions are put.</summary>
    public PromptMode? Prompt { get; init; }

    /// <summary>What a rollout earns.</summary>
    public RewardSettings? Reward { get; init; }

    /// <summary>Rollouts sampled before training of which at least one must earn something; 0 = no such check.</summary>
    [Minimum(0)]
    [Maximum(4096)]
    public int? PreflightRollouts { get; init; }

    /// <summary>Learns only from the samples that the input model solves now and then.</summary>
    public InstanceFilterSettings? InstanceFilter { get; init; }
}

/// <summary>How advantages are made from rewards.</summary>
public enum Algorithm
{
    /// <summary>Group-normalised rewards (arXiv:2402.03300).</summary>
    GRPO,

    /// <summary>Leave-one-out baseline (arXiv:2402.14740).</summary>
    RLOO,

    /// <summary>Greedy baseline (arXiv:2310.10505).</summary>
    ReMax,

    /// <summary>GRPO without its divisions: rewards less the group's mean, losses summed over tokens / (rollouts × maxResponseTokens) (arXiv:2503.20783).</summary>
    DrGRPO,

    /// <summary>Rewards whitened over the whole rollout batch (REINFORCE++, arXiv:2501.03262).</summary>
    REINFORCEPlusPlus,

    /// <summary>GRPO's advantages with one ratio for a whole rollout, which is clipped whole (arXiv:2507.18071).</summary>
    GSPO,
}

/// <summary>How questions are put.</summary>
public enum PromptMode
{
    /// <summary>The task's messages as they are.</summary>
    Direct,

    /// <summary>Asks the model to think inside <c>&lt;think&gt;</c> and to answer in <c>\boxed{}</c>.</summary>
    ChainOfThought,
}

/// <summary>The KL term of the loss.</summary>
public sealed record KlSettings
{
    /// <summary>The model the policy is held to; Base where it is left out and klCoefficient is above 0.</summary>
    public ReferenceModel? Reference { get; init; }

    /// <summary>With d = log π_ref − log π: k1 = −d, k2 = d²/2, k3 = eᵈ − d − 1.</summary>
    public Estimator? Estimator { get; init; }
}

/// <summary>The model the policy is held to.</summary>
public enum ReferenceModel
{
    /// <summary>None: the KL term is off.</summary>
    None,

    /// <summary>The chain's base model.</summary>
    Base,

    /// <summary>The model this stage started from.</summary>
    PreviousStage,
}

/// <summary>How KL is estimated from samples.</summary>
public enum Estimator
{
    [JsonStringEnumMemberName("k1")]
    K1,

    [JsonStringEnumMemberName("k2")]
    K2,

    [JsonStringEnumMemberName("k3")]
    K3,
}

/// <summary>How token losses become one number.</summary>
public enum Aggregation
{
    /// <summary>Mean over all tokens of the batch.</summary>
    TokenMean,

    /// <summary>Mean over the tokens of each rollout, then over rollouts.</summary>
    SequenceMean,
}

/// <summary>What a rollout earns: accuracyWeight × accuracy + formatWeight × format + each component's and the service's verdict, times its weight.</summary>
public sealed record RewardSettings
{
    /// <summary>Weight of a right answer by the task's scorer; "1", or "0.9" with prompt ChainOfThought, where it is left out. "0" beside components, which then say what counts.</summary>
    [Decimal(Minimum = 0, Maximum = 1)]
    public string? AccuracyWeight { get; init; }

    /// <summary>Weight of the asked-for form; "0", or "0.1" with prompt ChainOfThought, where it is left out.</summary>
    [Decimal(Minimum = 0, Maximum = 1)]
    public string? FormatWeight { get; init; }

    /// <summary>Further scorers, each with its weight.</summary>
    [Items(1, 16)]
    public IReadOnlyList<RewardComponent>? Components { get; init; }

    /// <summary>A service of your own that judges rollouts.</summary>
    public RewardServiceSettings? Service { get; init; }
}

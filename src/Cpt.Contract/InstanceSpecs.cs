using System.Text.Json.Serialization;

namespace Cpt.Contract;

/// <summary>Rollout-based instance filtering: which train samples an RFT stage learns from, decided by rollouts of its input policy before step 1.</summary>
public sealed record InstanceFilterSpec
{
    /// <summary>Of every train sample.</summary>
    public int Rollouts { get; init; } = 8;

    /// <summary>A rollout that earns less does not solve its sample.</summary>
    public double MinimumReward { get; init; } = 0.5;

    /// <summary>A sample solved by fewer rollouts is dropped.</summary>
    public int MinimumSolved { get; init; } = 1;

    /// <summary>A sample solved by more rollouts is dropped.</summary>
    public int MaximumSolved { get; init; } = 8;

    public InstanceControl Control { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<InstanceControl>))]
public enum InstanceControl
{
    /// <summary>The samples within the bounds.</summary>
    None,

    /// <summary>As many samples, drawn at random.</summary>
    Random,
}

/// <summary>SFT on the input policy's own rollouts instead of the task's answers.</summary>
public sealed record SelfDistillationSpec
{
    /// <summary>Of every train sample.</summary>
    public int Rollouts { get; init; } = 8;

    /// <summary>A rollout that earns less is not learned.</summary>
    public double MinimumReward { get; init; } = 0.5;

    public ValidRollouts PerSample { get; init; }

    public PromptStyle Prompt { get; init; } = PromptStyle.Direct;

    public double Temperature { get; init; } = 1.0;

    public double TopP { get; init; } = 1.0;

    public int MaxResponseTokens { get; init; } = 256;

    /// <summary>What <see cref="RftSpec"/> says of its own.</summary>
    public int RolloutThreads { get; init; } = 2;
}

[JsonConverter(typeof(JsonStringEnumConverter<ValidRollouts>))]
public enum ValidRollouts
{
    /// <summary>The one that earned most; of equals the first drawn.</summary>
    One,

    /// <summary>All of them, equal ones as often as they were drawn.</summary>
    All,
}

using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>Rollout-based instance filtering (RIF, arXiv:2507.05386): before step 1 the stage's input model answers every train sample several times, and what it solves too rarely is dropped.</summary>
public sealed record InstanceFilterSettings
{
    /// <summary>Rollouts of each sample.</summary>
    [Minimum(1)]
    [Maximum(1024)]
    public int? Rollouts { get; init; }

    /// <summary>A rollout that is graded right, has the form its prompt asked for and earns this or more solves its sample.</summary>
    [Decimal(Minimum = 0, Maximum = 1)]
    public string? MinimumReward { get; init; }

    /// <summary>A sample solved by fewer rollouts is dropped.</summary>
    [Minimum(0)]
    [Maximum(1024)]
    public int? MinimumSolved { get; init; }

    /// <summary>A sample solved by more rollouts is dropped; all rollouts where it is left out.</summary>
    [Minimum(0)]
    [Maximum(1024)]
    public int? MaximumSolved { get; init; }

    /// <summary>Random learns from as many samples, drawn by spec.seed: what the filter is compared with.</summary>
    public FilterControl? Control { get; init; }
}

/// <summary>What a filter's choice is replaced by, to compare with.</summary>
public enum FilterControl
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>As many samples, drawn at random.</summary>
    Random,
}

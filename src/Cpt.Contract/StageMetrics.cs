namespace Cpt.Contract;

/// <summary>Names in <see cref="CheckpointManifest.Metrics"/> that others than people read.</summary>
public static class StageMetrics
{
    /// <summary>Went through training forward passes and, in RFT, were sampled in steps.</summary>
    public const string Tokens = "tokens";

    /// <summary>Train samples that the input model answered before step 1.</summary>
    public const string Instances = "instances";

    /// <summary>Of <see cref="Instances"/>, those that were learned from.</summary>
    public const string InstancesKept = "instancesKept";

    /// <summary><see cref="InstancesKept"/> by <see cref="Instances"/>.</summary>
    public const string KeptFraction = "keptFraction";

    /// <summary>Of <see cref="Instances"/>, those that no rollout solved.</summary>
    public const string NeverSolved = "neverSolved";

    /// <summary>Of <see cref="Instances"/>, those that every rollout solved.</summary>
    public const string AlwaysSolved = "alwaysSolved";

    /// <summary>Share of all rollouts before step 1 that solved their sample.</summary>
    public const string SolvedRate = "solvedRate";

    /// <summary>Sampled before step 1.</summary>
    public const string InstanceTokens = "instanceTokens";
}

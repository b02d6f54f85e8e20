using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>Before a stage trains, rolls out on some train samples with its input model and says which method has something to learn from. It decides nothing: the verdict stands in status and report.</summary>
public sealed record ProbeSettings
{
    /// <summary>Train samples that are asked.</summary>
    [Minimum(1)]
    [Maximum(4096)]
    public int? Samples { get; init; }

    /// <summary>Rollouts of each.</summary>
    [Minimum(2, "a group needs at least 2 rollouts to be mixed")]
    [Maximum(1024)]
    public int? Rollouts { get; init; }
}

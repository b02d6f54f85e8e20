using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>How far the model has moved from the base model: the divergence of their answers, which foretells forgetting before scores show it.</summary>
public sealed record DriftSettings
{
    /// <summary>Evaluation prompts of each learned task that the base model answers, and on whose answers the two are compared.</summary>
    [Minimum(1)]
    [Maximum(4096)]
    public int? Prompts { get; init; }
}

using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>Keeps a stage's adapter out of the directions that the adapters of earlier stages use (O-LoRA, arXiv:2310.14152).</summary>
public sealed record OrthogonalSettings
{
    /// <summary>λ: weight of the term λ Σ |A_old · A_newᵀ|.</summary>
    [Decimal(Above = 0)]
    public required string Lambda { get; init; }
}

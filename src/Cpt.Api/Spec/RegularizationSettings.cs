using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>Terms of the loss that hold a stage to what the model was before it.</summary>
public sealed record RegularizationSettings
{
    /// <summary>Elastic weight consolidation (arXiv:1612.00796): λ/2 Σ F (θ − θ*)². Not beside lora. The first stage has no earlier task and none of it.</summary>
    public EwcSettings? Ewc { get; init; }

    /// <summary>Learning without forgetting (arXiv:1606.09282): a KL term to the answers of the stage's input. Only for method SFT.</summary>
    public LwfSettings? Lwf { get; init; }
}

/// <summary>Holds each weight near the stage's input, the more the more it mattered to earlier tasks.</summary>
public sealed record EwcSettings
{
    /// <summary>λ: weight of the term.</summary>
    [Decimal(Above = 0)]
    public required string Lambda { get; init; }

    /// <summary>Train samples of earlier tasks, all together, that the Fisher information is estimated on; 256 where it is left out.</summary>
    [Minimum(1)]
    [Maximum(1000000)]
    public int? FisherSamples { get; init; }
}

/// <summary>Holds the answers' distributions near those of the stage's input.</summary>
public sealed record LwfSettings
{
    /// <summary>Weight of the term; "1" where it is left out.</summary>
    [Decimal(Above = 0)]
    public string? Weight { get; init; }

    /// <summary>Both distributions are softened by it; "2" where it is left out.</summary>
    [Decimal(Above = 0, Maximum = 100)]
    public string? Temperature { get; init; }
}

using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>A low-rank adapter (LoRA, arXiv:2106.09685): W + alpha/rank · B·A, of which B and A are trained. Names and meaning are PEFT's.</summary>
public sealed record LoraSettings
{
    /// <summary>Columns of B and rows of A.</summary>
    [Minimum(1)]
    [Maximum(4096)]
    public int? Rank { get; init; }

    /// <summary>The change is scaled by alpha / rank; twice the rank where it is left out.</summary>
    [Decimal(Above = 0)]
    public string? Alpha { get; init; }

    /// <summary>Share of the adapter's inputs that is dropped in training.</summary>
    [Decimal(Minimum = 0, Maximum = 0.99)]
    public string? Dropout { get; init; }

    /// <summary>Linear layers by the end of their names (q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj) or by their whole names; AllLinear is every one but the output head.</summary>
    [Items(1, 64)]
    [WeightNames("q_proj")]
    public IReadOnlyList<string>? Targets { get; init; }

    /// <summary>Whether layers of the image tower are adapted as well.</summary>
    public bool? VisionTower { get; init; }

    /// <summary>Scales by alpha / √rank instead (arXiv:2312.03732).</summary>
    public bool? RankStabilized { get; init; }

    /// <summary>Keeps the adapter out of the directions that adapters of the run's earlier stages use. The first stage with an adapter has none before it.</summary>
    public OrthogonalSettings? Orthogonal { get; init; }
}

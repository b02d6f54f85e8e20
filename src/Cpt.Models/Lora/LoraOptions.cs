namespace Cpt.Models;

/// <summary>What is adapted, and how much. Names and meaning are PEFT's (Hu et al. 2021, arXiv:2106.09685).</summary>
public sealed record LoraOptions
{
    /// <summary>The target that stands for every linear layer but the output head.</summary>
    public const string AllLinear = "AllLinear";

    /// <summary>r: columns of B, rows of A.</summary>
    public required int Rank { get; init; }

    /// <summary>α; the change is scaled by α/r.</summary>
    public required double Alpha { get; init; }

    /// <summary>On the input of A, in training.</summary>
    public double Dropout { get; init; }

    /// <summary>
    /// Names of linear layers as on disk, whole (<c>model.layers.0.self_attn.q_proj</c>) or their ends (<c>q_proj</c>), or <see cref="AllLinear"/>.
    /// </summary>
    public IReadOnlyList<string> Targets { get; init; } = [AllLinear];

    /// <summary>Whether targets in the image tower are meant as well.</summary>
    public bool VisionTower { get; init; }

    /// <summary>Scales by α/√r instead (Kalajdzievski 2023, arXiv:2312.03732).</summary>
    public bool RankStabilized { get; init; }

    /// <summary>What B·A is multiplied with.</summary>
    public double Scaling => Alpha / (RankStabilized ? Math.Sqrt(Rank) : Rank);
}

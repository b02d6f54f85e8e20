namespace Cpt.Contract;

/// <summary>Keeps a stage's adapter out of the directions that earlier ones use (O-LoRA).</summary>
public sealed record OrthogonalSpec
{
    /// <summary>λ, above 0.</summary>
    public required double Lambda { get; init; }

    /// <summary>Hashes of the run's earlier stages that trained an adapter, in chain order; read from their commits in the run's storage. Never empty.</summary>
    public required IReadOnlyList<string> Stages { get; init; }
}

namespace Cpt.Models;

/// <param name="Compared">Tensors that could be computed, in the file's order of names.</param>
/// <param name="NotComputable">Names of the others, with the reason.</param>
/// <param name="Notes">What a reader must know to judge the figures.</param>
public sealed record VerificationReport(IReadOnlyList<TensorComparison> Compared, IReadOnlyList<KeyValuePair<string, string>> NotComputable, IReadOnlyList<string> Notes)
{
    /// <summary>Every comparison is within the tolerance (null: each within its own), and there was one.</summary>
    public bool Passes(double? tolerance = null) => Compared.Count > 0 && Compared.All(comparison => comparison.Within(tolerance));
}

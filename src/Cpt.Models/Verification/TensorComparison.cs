namespace Cpt.Models;

/// <summary>One tensor of a reference file beside what the model gives.</summary>
/// <param name="Name">As in the reference file.</param>
/// <param name="Shape">As in the reference file.</param>
/// <param name="Measure">Which of the differences is held against the tolerance.</param>
/// <param name="MaxAbsolute">Largest |computed − reference|; for token ids the number of different ones.</param>
/// <param name="MaxRelative">
/// <paramref name="MaxAbsolute"/> over the largest |reference| of the tensor. A gradient much smaller than the
/// others is held against a hundredth of the largest, instead of against its own rounding.
/// </param>
/// <param name="LeftOut">
/// Entries not compared. Logits of padding mean nothing, and implementations differ in them. Adam divides a gradient by its own size, so where it is nothing but rounding the sign of that rounding becomes
/// a whole step: trained weights are compared where their first gradient is above a hundred-thousandth of the largest.
/// </param>
public sealed record TensorComparison(string Name, IReadOnlyList<long> Shape, ComparisonMeasure Measure, double MaxAbsolute, double MaxRelative, int LeftOut = 0)
{
    /// <summary>What float32 reaches for this quantity (<see cref="Tolerances"/>); none for whole numbers.</summary>
    public double Tolerance { get; init; }

    /// <summary>Whether the difference is within a tolerance (null: the quantity's own); NaN never is. Token ids must be equal.</summary>
    public bool Within(double? tolerance = null) => Within(tolerance ?? Tolerance);

    private bool Within(double tolerance) => Measure switch
    {
        ComparisonMeasure.Exact => MaxAbsolute == 0,
        ComparisonMeasure.Relative => MaxRelative <= tolerance,
        _ => MaxAbsolute <= tolerance,
    };
}

public enum ComparisonMeasure
{
    /// <summary>Logits, losses, weights.</summary>
    Absolute,

    /// <summary>Gradients, whose size has no natural unit.</summary>
    Relative,

    /// <summary>Token ids.</summary>
    Exact,
}

namespace Cpt.Models;

/// <summary>What two implementations in float32 agree to, quantity by quantity.</summary>
internal static class Tolerances
{
    /// <summary>Of normalised pixels: libraries round the steps of resampling differently.</summary>
    public const double Pixels = 0.02;

    /// <summary>Of the mean difference of an image's pixels.</summary>
    public const double PixelMean = 1e-3;

    /// <param name="quantity">Name in a reference file, without the case's prefix.</param>
    public static double Of(string quantity) => quantity switch
    {
        "logits" or "loss" or "image_features" => 2e-5,
        _ when quantity.StartsWith("adamw.final.", StringComparison.Ordinal) => 1e-5,
        _ => 1e-4,
    };
}

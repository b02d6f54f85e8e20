using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// Zeroes elements with a probability and scales the others, so that the mean stays. Which ones is a function of the seed and of the matrix, so that
/// gradient checkpointing computes the same again, and a resumed stage draws what an undisturbed one draws.
/// </summary>
/// <param name="Probability">Above 0, below 1.</param>
/// <param name="Seed">Of one forward pass.</param>
internal sealed record Dropout(double Probability, ulong Seed)
{
    /// <param name="x">Any shape.</param>
    /// <param name="matrix">Number of the matrix that x is for.</param>
    public Tensor Of(Tensor x, int matrix)
    {
        using var generator = new Generator(CounterRandom.Hash(Seed, matrix, 0), x.device);
        var kept = torch.rand(x.shape, generator, ScalarType.Float32, x.device).ge(Probability);
        return x * (kept.to(x.dtype) * (1 / (1 - Probability)));
    }
}

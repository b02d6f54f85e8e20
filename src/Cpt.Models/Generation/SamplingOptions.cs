namespace Cpt.Models;

/// <summary>How the next token is chosen from logits, in Hugging Face's order: temperature, then top-k, then top-p.</summary>
/// <param name="Temperature">Divides the logits; 0 takes the most likely token.</param>
/// <param name="TopK">Keeps tokens no less likely than the k-th; 0 keeps all.</param>
/// <param name="TopP">Keeps the most likely tokens that together reach this probability; 1 keeps all.</param>
public readonly record struct SamplingOptions(double Temperature, int TopK, double TopP)
{
    public bool Greedy => Temperature == 0;

    /// <exception cref="ArgumentOutOfRangeException">A value has no meaning.</exception>
    public void Validate()
    {
        if (!double.IsFinite(Temperature) || Temperature < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(Temperature), Temperature, "temperature must be a number from 0 (greedy)");
        }

        if (TopK < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(TopK), TopK, "topK must be from 0 (off)");
        }

        if (!(TopP is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(TopP), TopP, "topP must be above 0 and at most 1 (off)");
        }
    }
}

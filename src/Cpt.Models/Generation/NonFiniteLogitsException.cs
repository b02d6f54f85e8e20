namespace Cpt.Models;

/// <summary>The model's logits hold NaN or infinity: its weights have diverged.</summary>
public sealed class NonFiniteLogitsException : Exception
{
    public NonFiniteLogitsException()
        : base("the logits are not finite")
    {
    }

    public NonFiniteLogitsException(string message)
        : base(message)
    {
    }

    public NonFiniteLogitsException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

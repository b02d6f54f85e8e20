namespace Cpt.Tasks;

/// <summary>
/// Right when |response − answer| ≤ max(tolerance, relative · |answer|). Reads thousands separators, percent, fractions,
/// scientific notation and signs; of a sentence, the last number counts.
/// </summary>
internal sealed class NumericScorer(double tolerance, double relative) : IScorer
{
    /// <summary>Relative tolerance that forgives only the rounding of the arithmetic itself.</summary>
    public const double RoundOff = 1e-12;

    public double Score(Sample sample, string response)
    {
        if (WrittenNumber.Last(FinalAnswer.Of(response)) is not { } given || WrittenNumber.Last(FinalAnswer.Of(sample.Answer)) is not { } expected)
            return 0;

        if (Near(given.Value, expected.Value))
            return 1;

        // "50" for "50%" and the reverse: the sign was taken for a unit.
        return given.IsPercent != expected.IsPercent && Near(given.Written, expected.Written) ? 1 : 0;
    }

    public string? Problem(Sample sample) => WrittenNumber.Last(FinalAnswer.Of(sample.Answer)) is null
        ? $"answer: '{sample.Answer}' is no number"
        : null;

    private bool Near(double given, double expected) => Math.Abs(given - expected) <= Math.Max(tolerance, relative * Math.Abs(expected));
}

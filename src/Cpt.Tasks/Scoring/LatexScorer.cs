namespace Cpt.Tasks;

/// <summary>
/// Equality of simple LaTeX: by value where both sides have one (<see cref="LatexExpression"/>), entry by entry in lists, else by text that is
/// <see cref="LatexText">written alike</see>. A unit may be left out, and may not be another one. 50 is right for 50 % and the reverse.
/// </summary>
/// <param name="tolerance">Absolute difference that is allowed.</param>
/// <param name="relative">Difference relative to the answer that is allowed; the larger counts.</param>
internal sealed class LatexScorer(double tolerance, double relative) : IScorer
{
    /// <summary>Relative difference of values by default: six digits of a root are that root.</summary>
    public const double Rounding = 1e-6;

    /// <summary>Longest answer that is looked at, in characters: bounds the time of every step.</summary>
    private const int Longest = 1000;

    public double Score(Sample sample, string response) => FinalAnswer.Of(response) is { Length: <= Longest } given && FinalAnswer.Of(sample.Answer) is var expected && Equal(given, expected) ? 1 : 0;

    public string? Problem(Sample sample) => FinalAnswer.Of(sample.Answer) is var answer && answer.Length > Longest ? $"answer: {answer.Length} characters are too many; at most {Longest}"
        : LatexText.Of(answer).Text.Length == 0 ? $"answer: nothing is left of '{sample.Answer}' when it is read as LaTeX"
        : null;

    private bool Equal(string left, string right)
    {
        var (given, expected) = (LatexText.Of(left), LatexText.Of(right));
        if (given.Text.Length == 0)
            return false;

        // "x = 5" for "5"; of two equations both sides must agree.
        var ((givenName, givenText), (expectedName, expectedText)) = (given.Named(), expected.Named());
        if (givenName is not null && expectedName is not null && !LatexText.Same(givenName, expectedName))
            return false;

        if (given.Unit is not null && expected.Unit is not null && given.Unit != expected.Unit)
            return false;

        return SameValues(givenText, expectedText, depth: 0);
    }

    private bool SameValues(string given, string expected, int depth)
    {
        if (LatexText.Same(given, expected))
            return true;

        if (LatexExpression.Value(given) is { } left && LatexExpression.Value(expected) is { } right)
            return Near(left, right) || (IsPercent(given) != IsPercent(expected) && Near(left * (IsPercent(given) ? 100 : 1), right * (IsPercent(expected) ? 100 : 1)));

        return depth == 0 && LatexText.Entries(given) is { } these && LatexText.Entries(expected) is { } those && these.Brackets == those.Brackets && these.Items.Count == those.Items.Count
            && these.Items.Zip(those.Items).All(pair => SameValues(pair.First, pair.Second, depth + 1));
    }

    private bool Near(double given, double expected) => Math.Abs(given - expected) <= Math.Max(tolerance, relative * Math.Abs(expected));

    private static bool IsPercent(string text) => text.TrimEnd().EndsWith('%');
}

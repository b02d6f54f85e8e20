using System.Text.RegularExpressions;

namespace Cpt.Tasks;

/// <summary>
/// Right when the response says the answer's yes or no: its first word where that is one of them, else the one of the two that occurs at all. A response that holds both further on, or
/// neither, is wrong.
/// </summary>
internal sealed partial class YesNoScorer : IScorer
{
    public double Score(Sample sample, string response) => Read(FinalAnswer.Of(response)) is { } said && said == Read(sample.Answer) ? 1 : 0;

    public string? Problem(Sample sample) => sample.Answer.Trim().ToUpperInvariant() is "YES" or "NO" ? null : $"answer: '{sample.Answer}' must be yes or no";

    /// <summary>True for yes; null where neither is decided for.</summary>
    internal static bool? Read(string text)
    {
        var first = text.AsSpan().IndexOfAny(s_letters);
        bool? said = null;
        foreach (var match in Words().EnumerateMatches(text))
        {
            var yes = match.Length == 3;
            if (match.Index == first)
                return yes;

            if (said is { } before && before != yes)
                return null;

            said = yes;
        }

        return said;
    }

    private static readonly System.Buffers.SearchValues<char> s_letters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    [GeneratedRegex(@"\b(?:yes|no)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}

using System.Text.RegularExpressions;

namespace Cpt.Tasks;

/// <summary>
/// Right when the response chooses the answer's letter. A response that names several letters and decides for none is wrong.
/// </summary>
internal sealed partial class ChoiceLetterScorer : IScorer
{
    private const int MostChoices = 26;

    // How many letters count as options when the sample does not say.
    private const int DefaultChoices = 10;

    public double Score(Sample sample, string response) => Read(response, sample.Choices) == sample.Answer.Trim()[0] ? 1 : 0;

    public string? Problem(Sample sample)
    {
        if (sample.Choices.Count > MostChoices)
            return $"choices: {sample.Choices.Count} are too many; at most {MostChoices}";

        var last = Last(sample.Choices);
        return sample.Answer.Trim() is [var letter] && letter >= 'A' && letter <= last
            ? null
            : $"answer: '{sample.Answer}' must be one letter from A to {last}";
    }

    /// <summary>The letter that is chosen, or null when none or more than one is.</summary>
    internal static char? Read(string response, IReadOnlyList<string> choices)
    {
        var text = FinalAnswer.Of(response);
        var last = Last(choices);
        if (Alone().Match(text) is { Success: true } alone)
            return InRange(alone);

        var named = choices.Index().Where(choice => string.Equals(choice.Item.Trim(), text.TrimEnd('.', ' '), StringComparison.OrdinalIgnoreCase)).ToList();
        if (named.Count == 1)
            return (char)('A' + named[0].Index);

        return Only(Stated()) is { Found: true } stated ? stated.Letter
            : Only(Labelled()) is { Found: true } labelled ? labelled.Letter
            : Only(Standing()).Letter;

        (bool Found, char? Letter) Only(Regex pattern)
        {
            var letters = pattern.Matches(text).Select(InRange).OfType<char>().Distinct().ToList();
            return (letters.Count > 0, letters.Count == 1 ? letters[0] : null);
        }

        char? InRange(Match match)
        {
            var letter = char.ToUpperInvariant(match.Groups["letter"].Value[0]);
            return letter <= last ? letter : null;
        }
    }

    private static char Last(IReadOnlyList<string> choices) => (char)('A' + (choices.Count == 0 ? DefaultChoices : choices.Count) - 1);

    // "B", "(b)", "[B].", "**B**", "$B$", "\text{B}"
    [GeneratedRegex(@"^(?:\\(?:text|textbf|mathrm|mathbf)\s*\{|[\s(\[{*$""'])*(?<letter>[A-Za-z])[\s)\]}*$""'.:,;!]*$", RegexOptions.CultureInvariant)]
    private static partial Regex Alone();

    // "the answer is (B)", "Answer: b.", "I choose option B". A small letter only at the very end, where it cannot be the article "a";
    // none when another follows ("A or B").
    [GeneratedRegex(@"(?:(?i:\b(?:answer|option|choice)(?:\s*[:=]|\s+(?:is|would\s+be|must\s+be|should\s+be)\b\s*:?))|(?i:\b(?:choose|pick|select)\b))\s*(?i:(?:option|choice|letter)\s+)?[(\[*$""']*(?:(?<letter>[A-Z])(?![\w'])|(?<letter>[a-z])(?=[)\]*$""'.,;!]*\s*$))(?!\s*(?:or|and|/|,)\s*\(?[A-Z](?![\w']))", RegexOptions.CultureInvariant)]
    private static partial Regex Stated();

    // "B. Paris", "(B) Paris", "B) Paris", "B: Paris"
    [GeneratedRegex(@"(?<![\w'])(?<!\bnot\s+\(?)(?<letter>[A-Z])(?:\)|\]|[.:](?=\s))", RegexOptions.CultureInvariant)]
    private static partial Regex Labelled();

    // A capital that stands alone; "A cat" and "I think" are words.
    [GeneratedRegex(@"(?<![\w'.])(?<!\bnot\s+\(?)(?<letter>[A-Z])(?![\w'])(?!(?<=[AI])\s+(?!(?:or|and)\b)[a-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Standing();
}

using System.Text;

namespace Cpt.Tasks;

/// <summary>
/// Answers of VQA, so that two ways to write one are equal, after the rules of the published evaluation (visualqa.org/evaluation): small letters, numbers up to ten as digits, no articles, no
/// punctuation except within numbers. One rule is simpler here: apostrophes go on both sides, which makes its list of contractions ("dont" is "don't") needless.
/// </summary>
internal static class VqaText
{
    private static readonly string[] s_articles = ["a", "an", "the"];

    private static readonly Dictionary<string, string> s_digits = new(StringComparer.Ordinal)
    {
        ["none"] = "0", ["zero"] = "0", ["one"] = "1", ["two"] = "2", ["three"] = "3", ["four"] = "4", ["five"] = "5", ["six"] = "6", ["seven"] = "7", ["eight"] = "8", ["nine"] = "9", ["ten"] = "10",
    };

    public static string Of(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            var character = char.ToLowerInvariant(text[at]);
            if (char.IsLetterOrDigit(character) || char.IsSurrogate(character))
                plain.Append(character);
            else if (char.IsWhiteSpace(character) || !Vanishes(text, at))
                plain.Append(char.IsWhiteSpace(character) || character is not ('.' or ':') ? ' ' : character);
        }

        return string.Join(' ', plain.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => s_digits.GetValueOrDefault(word, word))
            .Where(word => !s_articles.Contains(word, StringComparer.Ordinal)));
    }

    /// <summary>A sign between two words parts them ("red/blue"); one beside white space or an end, between digits a comma, and every apostrophe, is as if it were not there. A point or colon between digits stays.</summary>
    private static bool Vanishes(string text, int at)
    {
        var (before, after) = (at == 0 ? ' ' : text[at - 1], at + 1 == text.Length ? ' ' : text[at + 1]);
        return text[at] switch
        {
            '\'' or '’' => true,
            ',' => char.IsAsciiDigit(before) && char.IsAsciiDigit(after) || Beside(),
            '.' or ':' => !(char.IsAsciiDigit(after) && (char.IsAsciiDigit(before) || text[at] == '.')),
            _ => Beside(),
        };

        bool Beside() => char.IsWhiteSpace(before) || char.IsWhiteSpace(after);
    }
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Cpt.Models;

/// <summary>
/// The <c>Split</c> steps of a pre-tokenizer: cuts a text into the words within which merges may happen.
/// The patterns speak of code points (<c>\p{L}</c>), .NET's regular expressions of UTF-16 units; so they are run over a shadow of the
/// text in which a code point above U+FFFF is one stand-in character of its own general category.
/// </summary>
internal sealed class PreTokenizer
{
    private readonly IReadOnlyList<Step> _steps;

    public PreTokenizer(IReadOnlyList<Step> steps) => _steps = steps;

    public enum SplitBehavior
    {
        /// <summary>A match is a word of its own.</summary>
        Isolated,

        /// <summary>A match is dropped.</summary>
        Removed,

        /// <summary>A match ends the word before it.</summary>
        MergedWithPrevious,

        /// <summary>A match begins the word after it.</summary>
        MergedWithNext,
    }

    public IEnumerable<string> Words(string text)
    {
        IEnumerable<string> words = [text];
        foreach (var (pattern, behavior) in _steps)
        {
            words = pattern is null
                ? words.Select(word => word.StartsWith(' ') ? word : " " + word)
                : words.SelectMany(word => Split(word, pattern, behavior));
        }

        return words;
    }

    /// <param name="Pattern">Where to cut; null for the step that puts a space before a word without one.</param>
    /// <param name="Behavior">What becomes of a match.</param>
    public readonly record struct Step(Regex? Pattern, SplitBehavior Behavior);

    private static List<string> Split(string text, Regex pattern, SplitBehavior behavior)
    {
        var (shadow, starts) = Shadow(text);
        int At(int index) => starts is null ? index : starts[index];
        var words = new List<string>();
        var from = 0;
        foreach (var match in pattern.EnumerateMatches(shadow))
        {
            if (match.Length == 0)
            {
                continue;
            }

            var start = At(match.Index);
            var end = At(match.Index + match.Length);
            switch (behavior)
            {
                case SplitBehavior.MergedWithPrevious:
                    words.Add(text[from..end]);
                    from = end;
                    break;
                case SplitBehavior.MergedWithNext:
                    Add(text, from, start);
                    from = start;
                    break;
                default:
                    Add(text, from, start);
                    if (behavior == SplitBehavior.Isolated)
                    {
                        words.Add(text[start..end]);
                    }

                    from = end;
                    break;
            }
        }

        Add(text, from, text.Length);
        return words;

        void Add(string source, int first, int last)
        {
            if (last > first)
            {
                words.Add(source[first..last]);
            }
        }
    }

    /// <summary>The text with one character for each code point, and where each begins (null where nothing was replaced).</summary>
    private static (string Shadow, int[]? Starts) Shadow(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return (text, null);
        }

        var shadow = new StringBuilder(text.Length);
        var starts = new List<int>(text.Length + 1);
        for (var i = 0; i < text.Length;)
        {
            starts.Add(i);
            if (Rune.TryGetRuneAt(text, i, out var rune))
            {
                shadow.Append(rune.IsBmp ? text[i] : StandIn(Rune.GetUnicodeCategory(rune)));
                i += rune.Utf16SequenceLength;
            }
            else
            {
                // A lone surrogate is encoded as U+FFFD, so it is cut like one.
                shadow.Append('\uFFFD');
                i++;
            }
        }

        starts.Add(text.Length);
        return (shadow.ToString(), starts.ToArray());
    }

    /// <summary>Characters no pattern names literally.</summary>
    private static char StandIn(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u0531',
        UnicodeCategory.LowercaseLetter => '\u0561',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\u4E00',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u2160',
        UnicodeCategory.OtherNumber => '\u2460',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u20DD',
        UnicodeCategory.MathSymbol => '\u2200',
        UnicodeCategory.CurrencySymbol => '\u20AC',
        UnicodeCategory.ModifierSymbol => '\u02C2',
        UnicodeCategory.OtherSymbol => '\u2600',
        UnicodeCategory.Format => '\u200D',
        UnicodeCategory.PrivateUse => '\uE000',
        UnicodeCategory.OtherNotAssigned => '\uFFFE',
        _ => '\u2020',
    };
}

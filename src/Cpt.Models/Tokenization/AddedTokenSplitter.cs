using System.Text.RegularExpressions;

namespace Cpt.Models;

/// <summary>Cuts a text at its added tokens: leftmost first, of those the longest.</summary>
internal sealed class AddedTokenSplitter
{
    private readonly Dictionary<string, AddedToken> _tokens;
    private readonly Regex? _pattern;

    public AddedTokenSplitter(IEnumerable<AddedToken> tokens)
    {
        _tokens = tokens.Where(token => token.Content.Length > 0).ToDictionary(token => token.Content, StringComparer.Ordinal);
        if (_tokens.Count > 0)
        {
            // Alternatives are tried in order, so the longest stands first.
            var alternatives = _tokens.Keys.OrderByDescending(text => text.Length).ThenBy(text => text, StringComparer.Ordinal).Select(Regex.Escape);
            _pattern = new Regex(string.Join('|', alternatives), RegexOptions.CultureInvariant, Regex.InfiniteMatchTimeout);
        }
    }

    /// <summary>Parts in order: an added token, or (Token null) the text between.</summary>
    public IEnumerable<(AddedToken? Token, string Text)> Split(string text)
    {
        var from = 0;
        if (_pattern is not null)
        {
            for (var match = _pattern.Match(text); match.Success; match = match.NextMatch())
            {
                var token = _tokens[match.Value];
                var start = match.Index;
                var end = match.Index + match.Length;
                if (start < from || (token.SingleWord && (IsWord(text, start - 1) || IsWord(text, end))))
                {
                    continue;
                }

                while (token.LeftStrip && start > from && char.IsWhiteSpace(text[start - 1]))
                {
                    start--;
                }

                while (token.RightStrip && end < text.Length && char.IsWhiteSpace(text[end]))
                {
                    end++;
                }

                if (start > from)
                {
                    yield return (null, text[from..start]);
                }

                yield return (token, token.Content);
                from = end;
            }
        }

        if (from < text.Length)
        {
            yield return (null, text[from..]);
        }
    }

    private static bool IsWord(string text, int index) => index >= 0 && index < text.Length && (char.IsLetterOrDigit(text[index]) || text[index] == '_');
}

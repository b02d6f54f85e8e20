namespace Cpt.Tasks;

/// <summary>Finds the part of a response that states the answer. Every scorer looks at this part only.</summary>
public static class FinalAnswer
{
    private const string Command = @"\boxed";
    private const string ThoughtEnd = "</think>";

    /// <summary>
    /// What follows the last <c>&lt;/think&gt;</c>; within that, the content of the last <c>\boxed{…}</c> if there is one. Trimmed.
    /// </summary>
    public static string Of(string response)
    {
        var end = response.LastIndexOf(ThoughtEnd, StringComparison.Ordinal);
        var spoken = end < 0 ? response : response[(end + ThoughtEnd.Length)..];
        return (LastBoxed(spoken) ?? spoken).Trim();
    }

    /// <summary>
    /// Content of the last <c>\boxed{…}</c> whose braces are balanced; braces may nest and <c>\{</c>, <c>\}</c> do not count.
    /// Null when there is none.
    /// </summary>
    public static string? LastBoxed(string text)
    {
        for (var at = text.LastIndexOf(Command, StringComparison.Ordinal); at >= 0; at = at == 0 ? -1 : text.LastIndexOf(Command, at - 1, StringComparison.Ordinal))
        {
            if (Braced(text, at + Command.Length) is { } content)
                return content;
        }

        return null;
    }

    /// <summary>Content of the <c>{…}</c> that starts at <paramref name="start"/>, white space aside; null when it never closes.</summary>
    internal static string? Braced(string text, int start)
    {
        while (start < text.Length && char.IsWhiteSpace(text[start]))
            start++;

        if (start >= text.Length || text[start] != '{')
            return null;

        var depth = 0;
        for (var at = start; at < text.Length; at++)
        {
            if (text[at] == '\\')
                at++;
            else if (text[at] == '{')
                depth++;
            else if (text[at] == '}' && --depth == 0)
                return text[(start + 1)..at];
        }

        return null;
    }
}

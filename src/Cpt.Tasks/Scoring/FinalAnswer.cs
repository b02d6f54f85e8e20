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
        var spoken = Spoken(response);
        return (LastBoxed(spoken) ?? spoken).Trim();
    }

    /// <summary>What follows the last <c>&lt;/think&gt;</c>; everything where there is none.</summary>
    internal static string Spoken(string response)
    {
        var end = response.LastIndexOf(ThoughtEnd, StringComparison.Ordinal);
        return end < 0 ? response : response[(end + ThoughtEnd.Length)..];
    }

    /// <summary>
    /// Content of the last <c>\boxed{…}</c> whose braces are balanced; braces may nest and <c>\{</c>, <c>\}</c> do not count.
    /// Null when there is none. One pass: a response of nothing but opened boxes takes no longer than any other.
    /// </summary>
    public static string? LastBoxed(string text)
    {
        var open = new Stack<int>();
        var (start, end) = (-1, -1);
        for (var at = text.IndexOf(Command, StringComparison.Ordinal); at >= 0 && at < text.Length; at++)
        {
            if (text[at] == '\\')
            {
                at++;
            }
            else if (text[at] == '{')
            {
                open.Push(at);
            }
            else if (text[at] == '}' && open.TryPop(out var opened) && opened > start && text.AsSpan(0, opened).TrimEnd().EndsWith(Command, StringComparison.Ordinal))
            {
                (start, end) = (opened, at);
            }
        }

        return start < 0 ? null : text[(start + 1)..end];
    }
}

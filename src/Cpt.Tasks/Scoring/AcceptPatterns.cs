using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Cpt.Tasks;

/// <summary>
/// Compiled <see cref="Sample.Accept"/> expressions. They come from data and judge what a model writes, so they run without
/// backtracking: linear time for every input. Back-references and look-around are therefore refused.
/// </summary>
internal static class AcceptPatterns
{
    // Tasks with few distinct expressions hit always; one with many does not hold the memory of all of them.
    private const int Kept = 4096;

    private static readonly ConcurrentDictionary<string, Regex> s_compiled = new(StringComparer.Ordinal);

    /// <summary>True when the whole of <paramref name="answer"/> matches.</summary>
    public static bool Matches(string accept, string answer) => Compile(accept).IsMatch(answer);

    public static string? Problem(string accept)
    {
        try
        {
            // Alone first: ")(" would be an error by itself, and must not become valid between the parentheses that are put around it.
            _ = new Regex(accept, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            Compile(accept);
            return null;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            return $"'{accept}' is no usable regular expression: {error.Message}";
        }
    }

    private static Regex Compile(string accept)
    {
        if (s_compiled.TryGetValue(accept, out var found))
            return found;

        if (s_compiled.Count >= Kept)
            s_compiled.Clear();

        return s_compiled[accept] = new Regex($@"\A(?:{accept})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }
}

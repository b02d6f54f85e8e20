using System.Text.RegularExpressions;

namespace Cpt.Dashboards.Tests;

/// <summary>Which metrics a PromQL expression reads. Only for expressions as they stand here: no metric is selected by <c>__name__</c>.</summary>
internal static partial class Expressions
{
    private static readonly string[] s_words = ["and", "or", "unless", "bool", "offset", "inf", "nan"];

    public static IReadOnlyList<string> MetricsOf(string expression)
    {
        var bare = Groupings().Replace(Braces().Replace(Strings().Replace(expression, "\"\""), "{}"), " ");
        return [.. Names().Matches(Brackets().Replace(bare, "")).Select(match => match.Value).Where(name => !s_words.Contains(name, StringComparer.OrdinalIgnoreCase)).Distinct(StringComparer.Ordinal)];
    }

    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)*\"", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Strings();

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Braces();

    [GeneratedRegex(@"\[[^\]]*\]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Brackets();

    /// <summary>Lists of labels.</summary>
    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Groupings();

    /// <summary>What is not called is a metric.</summary>
    [GeneratedRegex(@"(?<![\w:.])[a-zA-Z_:][\w:]*\b(?!\s*\()", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Names();
}

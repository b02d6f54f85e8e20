using System.Text.RegularExpressions;

namespace Cpt.Api.Reading;

internal enum ScalarKind
{
    Text,
    Null,
    Boolean,
    Integer,
    Number,
}

/// <summary>
/// What an unquoted word means to kubectl, which reads YAML 1.1: <c>no</c> is a boolean there and <c>1e-6</c> a number. A manifest must
/// mean the same on a laptop and on a cluster.
/// </summary>
internal static partial class PlainScalar
{
    private static readonly HashSet<string> s_booleans = new(StringComparer.Ordinal)
    {
        "true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y", "Y", "n", "N",
    };

    private static readonly HashSet<string> s_specials = new(StringComparer.Ordinal) { ".inf", "-.inf", "+.inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN" };

    public static ScalarKind KindOf(YamlScalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Quoted)
        {
            return ScalarKind.Text;
        }

        if (text is "" or "~" or "null" or "Null" or "NULL")
        {
            return ScalarKind.Null;
        }

        if (s_booleans.Contains(text))
        {
            return ScalarKind.Boolean;
        }

        if (Whole().IsMatch(text))
        {
            return ScalarKind.Integer;
        }

        return s_specials.Contains(text) || OtherInteger().IsMatch(text) || Decimal().IsMatch(text) ? ScalarKind.Number : ScalarKind.Text;
    }

    /// <summary>Only for <see cref="ScalarKind.Boolean"/>.</summary>
    public static bool IsTrue(string text) => text.ToLowerInvariant() is "true" or "yes" or "on" or "y";

    [GeneratedRegex("^[-+]?(0|[1-9][0-9]*)$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Whole();

    /// <summary>Octal, hexadecimal, binary, with underscores: numbers, but nothing that anybody should count in.</summary>
    [GeneratedRegex("^[-+]?(0[0-7_]+|0o[0-7]+|0x[0-9a-fA-F_]+|0b[01_]+|[1-9][0-9_]*)$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex OtherInteger();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Decimal();
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Cpt.Tasks;

/// <summary>A number as people and models write it.</summary>
/// <param name="Written">As it stands: 50 of "50%".</param>
/// <param name="IsPercent">A percent sign follows.</param>
internal readonly partial record struct WrittenNumber(double Written, bool IsPercent)
{
    /// <summary>What it means: 0.5 of "50%".</summary>
    public double Value => IsPercent ? Written / 100 : Written;

    /// <summary>The last number in a text; null when there is none, or it is not finite.</summary>
    public static WrittenNumber? Last(string text)
    {
        text = Plain(text);
        var mixed = Mixed().Match(text);
        if (mixed.Success)
            return Read(mixed);

        // Only the last match counts: a number that cannot be read (1/0) does not fall back to one that was said before it.
        return Number().Matches(text) is { Count: > 0 } found ? Read(found[^1]) : null;
    }

    private static WrittenNumber? Read(Match match)
    {
        var value = Part(match, "number") * Math.Pow(10, Part(match, "power"));
        if (match.Groups["denominator"].Success)
            value = match.Groups["whole"].Success
                ? Part(match, "whole") + (Part(match, "number") / Part(match, "denominator"))
                : value / Part(match, "denominator");

        if (match.Groups["minus"].Success)
            value = -value;

        return double.IsFinite(value) ? new WrittenNumber(value, match.Groups["percent"].Success) : null;
    }

    private static double Part(Match match, string group) => match.Groups[group] is { Success: true, Value: var text }
        ? double.Parse(text.Replace(",", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture)
        : 0;

    /// <summary>Typographic minus signs, TeX fractions, powers, thin spaces and escaped signs, written plainly.</summary>
    private static string Plain(string text)
    {
        text = text.Replace('\u2212', '-').Replace('\u2013', '-').Replace("\\%", "%", StringComparison.Ordinal).Replace("\\$", "$", StringComparison.Ordinal)
            .Replace("{,}", ",", StringComparison.Ordinal).Replace("\\,", "", StringComparison.Ordinal).Replace("\\!", "", StringComparison.Ordinal);
        text = TexFraction().Replace(text, " ${sign}${over}/${under}");
        return TexPower().Replace(text, "e${power}");
    }

    private const string Digits = @"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)";
    private const string Tail = @"(?:[eE](?<power>[+-]?[0-9]{1,4}))?(?:\s*/\s*(?<denominator>" + Digits + @"))?(?:\s*(?<percent>%|percent\b))?";

    // Where a pattern begins with white space or with nothing, it is tried at the first of a run alone: else a long run would be walked once for each of its characters.
    // A minus right after a digit, a letter or a closing bracket subtracts; it is no sign.
    [GeneratedRegex(@"(?:(?<![\w)\]}.])(?<minus>-)\s?\$?)?(?<![\w.])(?<number>" + Digits + ")" + Tail, RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    // "1 3/4", only when nothing else is said.
    [GeneratedRegex(@"^\s*\$?(?<minus>-)?\s?(?<whole>[0-9]+)\s+(?<number>[0-9]+)\s*/\s*(?<denominator>[0-9]+)\s*[.$]?\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Mixed();

    [GeneratedRegex(@"(?:(?<sign>-)\s*)?\\[dt]?frac\s*\{\s*(?<over>-?[0-9.]+)\s*\}\s*\{\s*(?<under>[0-9.]+)\s*\}", RegexOptions.CultureInvariant)]
    private static partial Regex TexFraction();

    [GeneratedRegex(@"(?<!\s)\s*(?:\\times|\\cdot|×|\*)\s*10\s*\^\s*(?:\{\s*(?<power>[+-]?[0-9]{1,4})\s*\}|(?<power>[+-]?[0-9]{1,4}))", RegexOptions.CultureInvariant)]
    private static partial Regex TexPower();
}

using System.Text;
using System.Text.RegularExpressions;

namespace Cpt.Tasks;

/// <summary>An answer in LaTeX (or nearly so) in one way of writing, without what has no meaning: dollar signs, spaces, sizes of brackets and fractions, degrees, fonts.</summary>
/// <param name="Text">What is left, without the unit.</param>
/// <param name="Unit">Of measure, as it is abbreviated; null for none.</param>
internal sealed partial record LatexText(string Text, string? Unit)
{
    private static readonly (string Written, string Plain)[] s_words =
    [
        ("\\dfrac", "\\frac"), ("\\tfrac", "\\frac"), ("\\cfrac", "\\frac"), ("\\left", ""), ("\\right", ""), ("\\displaystyle", ""), ("\\boxed", ""), ("{,}", ","), ("\\!", ""), ("\\,", ""),
        ("\\;", " "), ("\\:", " "), ("\\ ", " "), ("~", " "), ("\\quad", " "), ("\\%", "%"), ("\\$", ""), ("$", ""), ("\\(", ""), ("\\)", ""), ("\\[", ""), ("\\]", ""),
        ("\u2212", "-"), ("\u2013", "-"), ("\u00D7", "*"), ("\\times", "*"), ("\\cdot", "*"), ("\u00F7", "/"), ("\\div", "/"), ("\u03C0", "\\pi "), ("\u221A", "\\sqrt "), ("\u00B2", "^2"), ("\u00B3", "^3"),
        ("^{\\circ}", " "), ("^\\circ", " "), ("\u00B0", " "), ("\\degree", " "), ("\\circ", " "), ("\\angle", ""), ("\u2220", ""), ("\\{", "("), ("\\}", ")"),
    ];

    private static readonly Dictionary<string, string> s_units = Units();

    public static LatexText Of(string answer)
    {
        var text = WithoutFonts(answer);
        foreach (var (written, plain) in s_words)
            text = text.Replace(written, plain, StringComparison.Ordinal);

        text = text.Trim().TrimEnd('.', ' ');
        var found = UnitAtEnd().Match(text);
        if (found.Success && s_units.TryGetValue(Squeezed(found.Groups["unit"].Value).ToUpperInvariant(), out var unit))
            return unit == "%" ? new LatexText(found.Groups["value"].Value + "%", null) : new LatexText(found.Groups["value"].Value, unit.Length == 0 ? null : unit);

        return new LatexText(text, null);
    }

    /// <summary>What stands before a single equals sign, where it is but a name, and what stands behind it.</summary>
    public (string? Name, string Value) Named() => Text.Split('=') is [var name, var value] && NameAlone().IsMatch(name) ? (name, value) : (null, Text);

    /// <summary>Two texts of which only spaces, needless braces, or the case of words differ.</summary>
    public static bool Same(string left, string right)
    {
        var (first, second) = (Tight(left), Tight(right));
        return string.Equals(first, second, first.Length > 1 && first.All(char.IsLetter) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    /// <summary>The entries of a pair, list or set, and what stands around them; null where there are not at least two.</summary>
    public static (string Brackets, IReadOnlyList<string> Items)? Entries(string text)
    {
        text = text.Trim();
        var brackets = text is ['(' or '[', .., ')' or ']'] ? $"{text[0]}{text[^1]}" : "";
        var inner = brackets.Length == 0 ? text : text[1..^1];
        var items = new List<string>();
        var (depth, start) = (0, 0);
        for (var at = 0; at < inner.Length; at++)
        {
            depth += inner[at] is '(' or '[' or '{' ? 1 : inner[at] is ')' or ']' or '}' ? -1 : 0;
            if (inner[at] != ',' || depth != 0)
                continue;

            items.Add(inner[start..at]);
            start = at + 1;
        }

        items.Add(inner[start..]);
        return items.Count > 1 ? (brackets, items) : null;
    }

    private static string Tight(string text)
    {
        var tight = Squeezed(text);
        tight = ShortFraction().Replace(tight, "\\frac{${over}}{${under}}");
        tight = ShortRoot().Replace(tight, "\\sqrt{${under}}");
        return SmallGroup().Replace(tight, "${sign}${inner}");
    }

    private static string Squeezed(string text) => string.Concat(text.Where(character => !char.IsWhiteSpace(character)));

    /// <summary>\text{cm} is cm.</summary>
    private static string WithoutFonts(string text)
    {
        var plain = new StringBuilder(text.Length);
        var fonts = new Stack<bool>();
        for (var at = 0; at < text.Length; at++)
        {
            if (Font().Match(text, at) is { Success: true } font && font.Index == at)
            {
                fonts.Push(true);
                plain.Append(' ');
                at += font.Length - 1;
            }
            else if (text[at] == '\\' && at + 1 < text.Length)
            {
                plain.Append(text[at]).Append(text[++at]);
            }
            else if (text[at] == '{')
            {
                fonts.Push(false);
                plain.Append('{');
            }
            else if (text[at] == '}')
            {
                plain.Append(fonts.TryPop(out var wasFont) && wasFont ? ' ' : '}');
            }
            else
            {
                plain.Append(text[at]);
            }
        }

        return plain.ToString();
    }

    private static Dictionary<string, string> Units()
    {
        string[][] written =
        [
            ["mm", "millimeter", "millimetre"], ["cm", "centimeter", "centimetre"], ["m", "meter", "metre"], ["km", "kilometer", "kilometre"], ["in", "inch", "inches"], ["ft", "foot", "feet"], ["yd", "yard"], ["mi", "mile"],
            ["g", "gram"], ["kg", "kilogram"], ["mg", "milligram"], ["lb", "lbs", "pound"], ["oz", "ounce"], ["s", "sec", "second"], ["min", "minute"], ["h", "hr", "hour"], ["d", "day"], ["l", "liter", "litre"], ["ml", "milliliter", "millilitre"],
            ["", "unit", "degree", "deg"], ["rad", "radian"], ["%", "percent"], ["usd", "dollar"], ["mph"], ["m/s"], ["km/h"],
        ];
        var units = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var names in written)
        {
            foreach (var name in names.Where(name => name is not ("" or "%")).SelectMany(name => name.Length > 2 ? new[] { name, name + "s" } : [name]))
            {
                units[name.ToUpperInvariant()] = names[0];
                foreach (var (word, power) in new[] { ("square", 2), ("sq", 2), ("sq.", 2), ("cubic", 3) })
                    units[(word + name).ToUpperInvariant()] = names[0].Length == 0 ? "" : $"{names[0]}^{power}";
                foreach (var power in new[] { 2, 3 })
                    units[$"{name}^{power}".ToUpperInvariant()] = units[$"{name}^{{{power}}}".ToUpperInvariant()] = names[0].Length == 0 ? "" : $"{names[0]}^{power}";
            }
        }

        return units;
    }

    // Answers are at most a thousand characters long where these run.
    [GeneratedRegex(@"\G\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mathsf|operatorname|mbox)\s*\{", RegexOptions.CultureInvariant)]
    private static partial Regex Font();

    [GeneratedRegex(@"^(?<value>.*?(?:[0-9)}\]]|\\pi))\s*(?<unit>[A-Za-z][A-Za-z.]*(?:\s+[A-Za-z]+)?(?:\s*\^\s*\{?[23]\}?|/[a-z]+)?)$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex UnitAtEnd();

    [GeneratedRegex(@"^\s*\\?[A-Za-z]{1,8}(?:\s*_\s*(?:[A-Za-z0-9]|\{[A-Za-z0-9]{1,4}\}))?\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex NameAlone();

    [GeneratedRegex(@"\\frac(?<over>[0-9A-Za-z])(?<under>[0-9A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex ShortFraction();

    [GeneratedRegex(@"\\sqrt(?<under>[0-9A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex ShortRoot();

    [GeneratedRegex(@"(?<sign>[\^_])\{(?<inner>-?[0-9A-Za-z]+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex SmallGroup();
}

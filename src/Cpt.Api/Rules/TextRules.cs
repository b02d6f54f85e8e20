using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Cpt.Api.Rules;

/// <summary>A DNS-1123 label: lowercase letters, digits and '-', starting and ending with a letter or digit, at most 63 characters.</summary>
public sealed partial class DnsLabelAttribute : FieldRuleAttribute
{
    public const string Expression = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
    public const int MaximumLength = 63;

    public override string? Check(object value)
    {
        var text = (string)value;
        return text.Length <= MaximumLength && Label().IsMatchWhole(text)
            ? null
            : $"\"{text}\" is not a name; use lowercase letters, digits and '-', starting and ending with a letter or digit, at most 63 characters";
    }

    internal override string Said() => "a DNS label";

    internal override void Describe(JsonObject schema)
    {
        schema["maxLength"] = MaximumLength;
        schema["pattern"] = Expression;
    }

    [GeneratedRegex(Expression, RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Label();
}

/// <summary>A URI with one of the schemes that can be read here.</summary>
/// <param name="schemes">Without <c>://</c>.</param>
public sealed class UriSchemeAttribute(params string[] schemes) : FieldRuleAttribute
{
    /// <summary>More than any storage has names for, and a bound for the cost of CEL rules.</summary>
    public const int MaximumLength = 1024;

    public IReadOnlyList<string> Schemes { get; } = schemes;

    public override string? Check(object value)
    {
        var text = (string)value;
        var end = text.IndexOf("://", StringComparison.Ordinal);
        var known = string.Join(", ", Schemes.Select(scheme => scheme + "://"));
        if (end <= 0)
        {
            return $"\"{text}\" is not a URI; it must start with one of {known}";
        }

        if (!Schemes.Contains(text[..end], StringComparer.Ordinal))
        {
            return $"\"{text}\" has the unknown scheme {text[..end]}://; use one of {known}";
        }

        if (text.Length > MaximumLength)
        {
            return string.Create(CultureInfo.InvariantCulture, $"is {text.Length} characters long; at most {MaximumLength} are allowed");
        }

        if (text.AsSpan().ContainsAnyInRange('\0', '\x1f') || text.Contains('\x7f'))
        {
            return "holds a control character (a line break or a tab, most likely); leave it out";
        }

        var rest = text[(end + 3)..];
        if (rest.Length == 0)
        {
            return $"\"{text}\" names nothing; a path must follow the scheme";
        }

        return text.StartsWith("file://", StringComparison.Ordinal) && rest[0] is not ('/' or '.')
            ? $"\"{text}\" is neither absolute nor relative; write file:///{rest} or file://./{rest}"
            : null;
    }

    internal override string Said() => string.Join(", ", Schemes.Select(scheme => $"`{scheme}://`"));

    internal override void Describe(JsonObject schema)
    {
        const string character = @"[^\x00-\x1f\x7f]";
        var others = string.Join('|', Schemes.Where(scheme => scheme != "file"));
        schema["maxLength"] = MaximumLength;
        schema["pattern"] = Schemes.Contains("file", StringComparer.Ordinal) ? $"^(({others})://{character}|file://[./]){character}*$" : $"^({others})://{character}+$";
    }
}

/// <summary>How many entries a list or map may have.</summary>
public sealed class ItemsAttribute(int minimum, int maximum) : FieldRuleAttribute
{
    public int Minimum { get; } = minimum;

    public int Maximum { get; } = maximum;

    public override string? Check(object value)
    {
        var count = ((IEnumerable)value).Cast<object>().Count();
        return count >= Minimum && count <= Maximum
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"has {count} entries; it must have {Minimum} to {Maximum}");
    }

    internal override string Said() => Minimum > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{Minimum} to {Maximum} entries")
        : string.Create(CultureInfo.InvariantCulture, $"at most {Maximum} entries");

    internal override void Describe(JsonObject schema)
    {
        var what = schema["type"]!.GetValue<string>() == "array" ? "Items" : "Properties";
        if (Minimum > 0)
        {
            schema["min" + what] = Minimum;
        }

        schema["max" + what] = Maximum;
    }
}

/// <summary>Longest text allowed, so that a run always fits into one object of the cluster.</summary>
public sealed class MaximumLengthAttribute(int length) : FieldRuleAttribute
{
    public int Length { get; } = length;

    public override string? Check(object value) =>
        ((string)value).Length <= Length
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"is {((string)value).Length} characters long; at most {Length} are allowed");

    internal override string Said() => string.Create(CultureInfo.InvariantCulture, $"at most {Length} characters");

    internal override void Describe(JsonObject schema) => schema["maxLength"] = Length;
}

/// <summary>One of these words. Where the words stand for something in the program, the field has an enum as its type instead.</summary>
public sealed class OneOfAttribute(params string[] words) : FieldRuleAttribute
{
    public IReadOnlyList<string> Words { get; } = words;

    public override string? Check(object value) =>
        Words.Contains((string)value, StringComparer.Ordinal) ? null : $"\"{value}\" is unknown; use one of {string.Join(", ", Words)}";

    internal override string Said() => string.Join(", ", Words.Select(word => $"`{word}`"));

    internal override void Describe(JsonObject schema) => schema["enum"] = new JsonArray([.. Words.Select(word => JsonValue.Create(word))]);
}

internal static class WholeMatch
{
    /// <summary><c>$</c> also matches before a last line break in .NET; in the patterns of a schema it does not.</summary>
    public static bool IsMatchWhole(this Regex form, string text) => !text.EndsWith('\n') && form.IsMatch(text);
}

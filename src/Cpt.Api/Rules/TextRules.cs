using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Cpt.Api.Rules;

/// <summary>A DNS-1123 label: lowercase letters, digits and '-', starting and ending with a letter or digit, at most 63 characters.</summary>
public sealed partial class DnsLabelAttribute : FieldRuleAttribute
{
    public const string Expression = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

    public override string? Check(object value)
    {
        var text = (string)value;
        return text.Length <= 63 && Label().IsMatch(text)
            ? null
            : $"\"{text}\" is not a name; use lowercase letters, digits and '-', starting and ending with a letter or digit, at most 63 characters";
    }

    [GeneratedRegex(Expression, RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Label();
}

/// <summary>A URI with one of the schemes that can be read here.</summary>
/// <param name="schemes">Without <c>://</c>.</param>
public sealed class UriSchemeAttribute(params string[] schemes) : FieldRuleAttribute
{
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

        var rest = text[(end + 3)..];
        if (rest.Length == 0)
        {
            return $"\"{text}\" names nothing; a path must follow the scheme";
        }

        return text.StartsWith("file://", StringComparison.Ordinal) && rest[0] is not ('/' or '.')
            ? $"\"{text}\" is neither absolute nor relative; write file:///{rest} or file://./{rest}"
            : null;
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
}

/// <summary>Longest text allowed, so that a run always fits into one object of the cluster.</summary>
public sealed class MaximumLengthAttribute(int length) : FieldRuleAttribute
{
    public int Length { get; } = length;

    public override string? Check(object value) =>
        ((string)value).Length <= Length
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"is {((string)value).Length} characters long; at most {Length} are allowed");
}

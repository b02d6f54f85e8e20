using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cpt.Api.Schema;

namespace Cpt.Api.Rules;

/// <summary>
/// A decimal number written as a string: Kubernetes keeps floating point out of <c>spec</c>, because a number that is read and
/// written back by different programs may come back as another one.
/// </summary>
/// <remarks>
/// At most 32 characters and an exponent of at most two digits: so nothing that looks like a number is infinite or too small to differ from zero, and a server
/// without CEL can tell positive and negative numbers apart by a pattern alone. Other bounds need CEL.
/// </remarks>
public sealed partial class DecimalAttribute : FieldRuleAttribute
{
    public const int MaximumLength = 32;

    private const string Exponent = "([eE][+-]?[0-9]{1,2})?";
    private const string Any = @"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)" + Exponent + "$";
    private const string NotNegative = @"^\+?([0-9]+\.?[0-9]*|\.[0-9]+)" + Exponent + "$";
    private const string Positive = @"^\+?([0-9]*[1-9][0-9]*\.?[0-9]*|[0-9]*\.[0-9]*[1-9][0-9]*)" + Exponent + "$";

    /// <summary>Inclusive; NaN = no bound.</summary>
    public double Minimum { get; init; } = double.NaN;

    /// <summary>Inclusive; NaN = no bound.</summary>
    public double Maximum { get; init; } = double.NaN;

    /// <summary>Exclusive lower bound; NaN = no bound.</summary>
    public double Above { get; init; } = double.NaN;

    public override string? Check(object value)
    {
        var text = (string)value;
        if (!TryParse(text, out var number))
        {
            return $"\"{text}\" is not a decimal number; write it like \"0.5\" or \"1e-6\"";
        }

        // "-0" is no number anybody means, and the patterns of the schema refuse it.
        var negative = text[0] == '-' && (Minimum >= 0 || Above >= 0);
        return negative || number < Minimum || number > Maximum || number <= Above ? $"{text} is out of range; it must be {Bounds()}" : null;
    }

    /// <summary>Finite decimals with an optional exponent; no spaces, no thousands separators, no NaN.</summary>
    public static bool TryParse(string text, out double number)
    {
        number = double.NaN;
        return text.Length <= MaximumLength
            && Form().IsMatchWhole(text)
            && double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number);
    }

    internal override string Said() => Bounds();

    internal override void Describe(JsonObject schema)
    {
        schema["maxLength"] = MaximumLength;
        schema["pattern"] = Above == 0 ? Positive : Minimum == 0 ? NotNegative : Any;
        string[] bounds =
        [
            .. double.IsNaN(Minimum) || Minimum == 0 ? (string[])[] : ["double(self) >= " + Cel.Double(Minimum)],
            .. double.IsNaN(Above) || Above == 0 ? (string[])[] : ["double(self) > " + Cel.Double(Above)],
            .. double.IsNaN(Maximum) ? (string[])[] : ["double(self) <= " + Cel.Double(Maximum)],
        ];
        if (bounds.Length > 0)
        {
            schema.AddRule(string.Join(" && ", bounds), "must be " + Bounds());
        }
    }

    private string Bounds()
    {
        string[] bounds =
        [
            .. double.IsNaN(Minimum) ? (string[])[] : [string.Create(CultureInfo.InvariantCulture, $"at least {Minimum}")],
            .. double.IsNaN(Above) ? (string[])[] : [string.Create(CultureInfo.InvariantCulture, $"above {Above}")],
            .. double.IsNaN(Maximum) ? (string[])[] : [string.Create(CultureInfo.InvariantCulture, $"at most {Maximum}")],
        ];
        return string.Join(" and ", bounds);
    }

    [GeneratedRegex(Any, RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}

/// <summary>A whole number, never negative, written as a string.</summary>
/// <param name="minimum">Inclusive, at least 0.</param>
/// <param name="maximum">Inclusive, at most 10 digits.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed partial class WholeNumberAttribute(long minimum, long maximum) : FieldRuleAttribute
{
    public long Minimum { get; } = minimum;

    public long Maximum { get; } = maximum;

    public override string? Check(object value)
    {
        var text = (string)value;
        if (!Form().IsMatchWhole(text))
        {
            return $"\"{text}\" is not a whole number";
        }

        var number = long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return new MinimumAttribute(Minimum).Check(number) ?? new MaximumAttribute(Maximum).Check(number);
    }

    internal override string Said() => string.Create(CultureInfo.InvariantCulture, $"at least {Minimum} and at most {Maximum}");

    internal override void Describe(JsonObject schema)
    {
        schema["maxLength"] = 10;
        schema["pattern"] = Minimum > 0 ? "^0*[1-9][0-9]*$" : "^[0-9]+$";
        var number = (FormattableString)$"int(self) >= {Minimum} && int(self) <= {Maximum}";
        schema.AddRule(FormattableString.Invariant(number), string.Create(CultureInfo.InvariantCulture, $"must be at least {Minimum} and at most {Maximum}"));
    }

    [GeneratedRegex("^(-0*[1-9][0-9]{0,9}|[0-9]{1,10})$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}

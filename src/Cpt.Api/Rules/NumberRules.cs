using System.Globalization;

namespace Cpt.Api.Rules;

/// <summary>Smallest integer allowed.</summary>
/// <param name="value">Inclusive.</param>
/// <param name="because">What would be right, as the end of the message.</param>
public sealed class MinimumAttribute(long value, string? because = null) : FieldRuleAttribute
{
    public long Value { get; } = value;

    public override string? Check(object value)
    {
        var number = Convert.ToInt64(value, CultureInfo.InvariantCulture);
        return number >= Value ? null : string.Create(CultureInfo.InvariantCulture, $"{number} is too small; {because ?? $"the smallest value is {Value}"}");
    }
}

/// <summary>Largest integer allowed.</summary>
/// <param name="value">Inclusive.</param>
/// <param name="because">What would be right, as the end of the message.</param>
public sealed class MaximumAttribute(long value, string? because = null) : FieldRuleAttribute
{
    public long Value { get; } = value;

    public override string? Check(object value)
    {
        var number = Convert.ToInt64(value, CultureInfo.InvariantCulture);
        return number <= Value ? null : string.Create(CultureInfo.InvariantCulture, $"{number} is too large; {because ?? $"the largest value is {Value}"}");
    }
}

/// <summary>
/// A decimal number written as a string: Kubernetes keeps floating point out of <c>spec</c>, because a number that is read and
/// written back by different programs may come back as another one.
/// </summary>
public sealed class DecimalAttribute : FieldRuleAttribute
{
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

        return number < Minimum || number > Maximum || number <= Above ? $"{text} is out of range; it must be {Bounds()}" : null;
    }

    /// <summary>Finite decimals with an optional exponent; no spaces, no thousands separators, no NaN.</summary>
    public static bool TryParse(string text, out double number) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number)
        && double.IsFinite(number);

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
}

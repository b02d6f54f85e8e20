using System.Globalization;
using System.Text.Json.Nodes;

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

    internal override string Said() => string.Create(CultureInfo.InvariantCulture, $"at least {Value}");

    internal override void Describe(JsonObject schema) => schema["minimum"] = Value;
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

    internal override string Said() => string.Create(CultureInfo.InvariantCulture, $"at most {Value}");

    internal override void Describe(JsonObject schema) => schema["maximum"] = Value;
}

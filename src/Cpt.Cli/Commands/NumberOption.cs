using System.CommandLine;
using System.Globalization;

namespace Cpt.Cli.Commands;

/// <summary>
/// Options that take a number. They are judged by what was typed: the library's own message names .NET types, and asking it for a value that
/// cannot be converted throws.
/// </summary>
internal static class NumberOption
{
    /// <param name="option">Of an integer type, nullable or not.</param>
    /// <param name="least">Smallest that is possible.</param>
    public static TOption Whole<TOption>(TOption option, decimal least)
        where TOption : Option
    {
        var type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        var most = type == typeof(int) ? int.MaxValue : type == typeof(long) ? long.MaxValue : (decimal)ulong.MaxValue;
        return Check(option, typed =>
            !decimal.TryParse(typed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? "is not a whole number"
            : value < least ? string.Create(CultureInfo.InvariantCulture, $"is too small; use {least} or more")
            : value > most ? string.Create(CultureInfo.InvariantCulture, $"is too large; use {most} or less")
            : null);
    }

    /// <param name="option">Of type double.</param>
    /// <param name="least">Smallest that is possible.</param>
    /// <param name="most">Largest that is possible.</param>
    public static TOption Between<TOption>(TOption option, double least, double most)
        where TOption : Option => Check(option, typed =>
            double.TryParse(typed, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"is not possible; use {least} to {most}"));

    private static TOption Check<TOption>(TOption option, Func<string, string?> fault)
        where TOption : Option
    {
        option.Validators.Add(found =>
        {
            if (found.Tokens is [var token] && fault(token.Value) is { } message)
            {
                found.AddError($"{option.Name}: {token.Value} {message}");
            }
        });
        return option;
    }
}

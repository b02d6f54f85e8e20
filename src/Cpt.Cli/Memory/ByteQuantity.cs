using System.Globalization;

namespace Cpt.Cli.Memory;

/// <summary>Amounts of memory as Kubernetes writes them: <c>80Gi</c>, <c>900G</c>, <c>81559Mi</c>, or bytes.</summary>
internal static class ByteQuantity
{
    private static readonly (string Suffix, double Factor)[] s_suffixes =
        [("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("Ti", 1L << 40), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("", 1)];

    /// <returns>Bytes; null where the text is no amount above 0.</returns>
    public static long? Parse(string text)
    {
        foreach (var (suffix, factor) in s_suffixes)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal) && double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return number > 0 && number * factor < long.MaxValue ? (long)(number * factor) : null;
            }
        }

        return null;
    }

    public static string Text(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 10):0} KiB"),
    };
}

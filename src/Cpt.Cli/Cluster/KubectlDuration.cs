using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Cpt.Cli.Cluster;

/// <summary>Times as kubectl takes them: <c>10s</c>, <c>5m</c>, <c>1h30m</c>, <c>500ms</c>; a number alone is seconds.</summary>
internal static partial class KubectlDuration
{
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < int.MaxValue)
        {
            duration = TimeSpan.FromSeconds(seconds);
            return true;
        }

        if (!Shape().IsMatch(text))
        {
            return false;
        }

        foreach (Match part in Part().Matches(text))
        {
            var number = double.Parse(part.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
            var milliseconds = number * part.Groups["unit"].Value switch { "h" => 3_600_000, "m" => 60_000, "s" => 1000, _ => 1 };
            if (milliseconds > int.MaxValue * 1000d)
            {
                return false;
            }

            duration += TimeSpan.FromMilliseconds(milliseconds);
        }

        return true;
    }

    /// <summary>An option that takes one.</summary>
    public static Option<TimeSpan?> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = found =>
        {
            var typed = found.Tokens[0].Value;
            if (TryParse(typed, out var duration))
            {
                return duration;
            }

            found.AddError($"{name}: {typed} is not a duration; write 30s, 5m or 1h30m");
            return null;
        },
    };

    [GeneratedRegex(@"^(\d+(\.\d+)?(ms|s|m|h))+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Shape();

    [GeneratedRegex(@"(?<number>\d+(\.\d+)?)(?<unit>ms|s|m|h)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Part();
}

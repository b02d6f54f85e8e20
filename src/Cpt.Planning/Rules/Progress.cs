using System.Globalization;

namespace Cpt.Planning.Rules;

internal static class Progress
{
    /// <summary><c>40/200</c>.</summary>
    public static string Text(int step, int steps) => string.Create(CultureInfo.InvariantCulture, $"{step}/{steps}");
}

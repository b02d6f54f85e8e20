using System.Text;

namespace Cpt.Cli.Display;

/// <summary>Columns as kubectl prints them: never wrapped, whatever the width of the terminal, so that a line stays a line for grep.</summary>
internal static class ColumnText
{
    private const int Gap = 3;

    /// <param name="lines">The heading first; all of one length.</param>
    public static string Of(IReadOnlyList<IReadOnlyList<string?>> lines)
    {
        var widths = Enumerable.Range(0, lines[0].Count).Select(column => lines.Max(line => line[column]?.Length ?? 0) + Gap).ToList();
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            var start = text.Length;
            for (var column = 0; column < line.Count; column++)
            {
                text.Append((line[column] ?? "").PadRight(widths[column]));
            }

            while (text.Length > start && text[^1] == ' ')
            {
                text.Length--;
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}

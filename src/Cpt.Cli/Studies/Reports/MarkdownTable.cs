using System.Text;

namespace Cpt.Cli.Studies.Reports;

/// <summary>Rows of a Markdown table.</summary>
internal static class MarkdownTable
{
    public static StringBuilder Header(this StringBuilder text, params IReadOnlyCollection<string> cells) => text.Row(cells).Append('|').Insert(text.Length, "---|", cells.Count).Append('\n');

    public static StringBuilder Row(this StringBuilder text, params IReadOnlyCollection<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal).Replace('\n', ' '))).Append(" |\n");
}

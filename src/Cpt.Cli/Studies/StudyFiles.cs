using Cpt.Cli.Running;
using Cpt.Cli.Studies.Reports;

namespace Cpt.Cli.Studies;

/// <summary>The results as files: in the study's directory always, and wherever somebody wants a copy.</summary>
/// <param name="Report">HTML.</param>
/// <param name="Csv">One row for each run.</param>
/// <param name="Markdown">The tables.</param>
internal sealed record StudyFiles(string? Report, string? Csv, string? Markdown)
{
    public static StudyFiles In(StudyDirectory place) => new(place.ReportFile, place.CsvFile, place.MarkdownFile);

    public void Write(StudyResults results, Origin origin, string manifest)
    {
        Write(Report, () => StudyHtml.Render(results, origin, manifest));
        Write(Csv, () => StudyCsv.Of(results));
        Write(Markdown, () => StudyMarkdown.Page(results, origin));
    }

    private static void Write(string? path, Func<string> text)
    {
        if (path is not null)
        {
            AtomicFile.Write(path, text());
        }
    }
}

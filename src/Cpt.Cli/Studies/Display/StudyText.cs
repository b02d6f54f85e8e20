using System.Globalization;
using Cpt.Cli.Display;
using Cpt.Cli.Running;

namespace Cpt.Cli.Studies.Display;

/// <summary>Plain lines, for a log that people read: what begins, ends and goes wrong, not each step.</summary>
internal sealed class StudyText(TextWriter output) : IStudyDisplay
{
    private int _runs;
    private int _ended;

    public void Begin(StudySource source, StudyDirectory place, int concurrency, int threads)
    {
        _runs = source.Runs.Count;
        output.WriteLine(StudyWords.Beginning(source, place, concurrency, threads));
    }

    public void Show(RunnerEvent what)
    {
        if (StudyWords.Of(what) is not { } text)
        {
            return;
        }

        _ended += what.Event == "finished" ? 1 : 0;
        var count = what.Event == "finished" ? string.Create(CultureInfo.InvariantCulture, $" ({_ended}/{_runs})") : "";
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what.Time.LocalDateTime:HH:mm:ss} {(what.Run is { } run ? run + ": " : "")}{(what.Stage is { } stage ? stage + ": " : "")}{(what.Level == "info" ? "" : what.Level + ": ")}{text}{count}"));
        output.Flush();
    }

    public void End(StudyResults results, IReadOnlyList<string> next) => StudyTables.Write(PlainConsole.On(output), results, next);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

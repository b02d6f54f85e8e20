using System.Globalization;
using System.Text.Json;
using Cpt.Cli.Display;
using Cpt.Cli.Running;

namespace Cpt.Cli.Studies.Display;

/// <summary>One event a line, as JSON, for programs and logs; the last line is <c>finished</c> without a run.</summary>
internal sealed class StudyLines(TextWriter output, TimeProvider time) : IStudyDisplay
{
    public void Begin(StudySource source, StudyDirectory place, int concurrency, int threads) => Show(new RunnerEvent
    {
        Time = time.GetUtcNow(),
        Event = "study",
        Message = string.Create(CultureInfo.InvariantCulture, $"{source.Name}: {source.Runs.Count} runs in {place.Root}, {concurrency} side by side, {threads} threads each"),
    });

    public void Show(RunnerEvent what)
    {
        output.WriteLine(JsonSerializer.Serialize(what, CliJson.OneLine.RunnerEvent));
        output.Flush();
    }

    public void End(StudyResults results, IReadOnlyList<string> next) => Show(new RunnerEvent
    {
        Time = time.GetUtcNow(),
        Event = "finished",
        Message = string.Create(CultureInfo.InvariantCulture, $"{results.Finished} of {results.Runs.Count} runs finished"),
    });

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Events as JSON lines on standard output, the closing tables on standard error for whoever reads the log.</summary>
internal sealed class StudyLinesAndTables(StudyLines lines, TextWriter tables) : IStudyDisplay
{
    public void Begin(StudySource source, StudyDirectory place, int concurrency, int threads) => lines.Begin(source, place, concurrency, threads);

    public void Show(RunnerEvent what) => lines.Show(what);

    public void End(StudyResults results, IReadOnlyList<string> next)
    {
        lines.End(results, next);
        StudyTables.Write(PlainConsole.On(tables), results, next);
    }

    public ValueTask DisposeAsync() => lines.DisposeAsync();
}

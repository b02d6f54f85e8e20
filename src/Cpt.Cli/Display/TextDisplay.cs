using System.Globalization;
using Cpt.Api;
using Cpt.Cli.Running;
using Cpt.Cli.Status;

namespace Cpt.Cli.Display;

/// <summary>Plain lines, for a log that people read (<c>-o text</c>): what happens, and how far it is every now and then.</summary>
internal sealed class TextDisplay(TextWriter output) : IRunDisplay
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(5);

    private readonly ScoreLine _scores = new();
    private DateTimeOffset? _lastStep;

    public void Begin(ContinualRun run, WorkDirectory work) =>
        output.WriteLine($"{run.Metadata.Name}: {run.Spec.Stages.Count.ToString(CultureInfo.InvariantCulture)} stage{(run.Spec.Stages.Count == 1 ? "" : "s")} from {run.Spec.BaseModel.Uri}, kept in {WorkDirectory.Shorten(work.Root)}");

    public void Show(RunnerEvent what)
    {
        if (_scores.Before(what) is { } row)
        {
            Line(what, row);
        }

        if ((EventText.Of(what) ?? Step(what)) is { } text)
        {
            Line(what, (what.Level == "info" ? "" : what.Level + ": ") + text);
        }
    }

    public void End(StatusDocument status, IReadOnlyList<string> next) => RunSummary.Write(PlainConsole.On(output), status, next);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Line(RunnerEvent what, string text)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what.Time.LocalDateTime:HH:mm:ss} {(what.Stage is { } stage ? stage + ": " : "")}{text}"));
        output.Flush();
    }

    private string? Step(RunnerEvent what)
    {
        if (what.Event != "step" || what.Progress is not { } progress || what.Time - _lastStep < s_between)
        {
            return null;
        }

        // The event's own time, not ours: a log that is read afterwards shows the same lines as one that was followed.
        _lastStep = what.Time;
        return string.Create(CultureInfo.InvariantCulture, $"step {progress.Step}/{progress.Steps}, {EventText.Figures(progress)}");
    }
}

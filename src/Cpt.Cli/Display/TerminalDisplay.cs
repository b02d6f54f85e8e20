using System.Collections.Concurrent;
using System.Globalization;
using Cpt.Api;
using Cpt.Cli.Running;
using Cpt.Cli.Status;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cpt.Cli.Display;

/// <summary>One bar a stage, with loss or reward, tokens a second and the time left; what is worth keeping scrolls away above the bars.</summary>
internal sealed class TerminalDisplay(IAnsiConsole console) : IRunDisplay
{
    private readonly Dictionary<string, ProgressTask> _bars = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FiguresColumn _figures = new();
    private readonly ScoreLine _scores = new();
    private Task _live = Task.CompletedTask;

    public void Begin(ContinualRun run, WorkDirectory work)
    {
        console.MarkupLineInterpolated($"[bold]{run.Metadata.Name}[/]: {run.Spec.Stages.Count} stage{(run.Spec.Stages.Count == 1 ? "" : "s")} from {run.Spec.BaseModel.Uri}, kept in {WorkDirectory.Shorten(work.Root)}");
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _live = console.Progress()
            .AutoClear(true)
            .HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 30 }, new PercentageColumn(), _figures)
            .StartAsync(async context =>
            {
                var width = run.Spec.Stages.Max(stage => stage.Name.Length);
                for (var index = 0; index < run.Spec.Stages.Count; index++)
                {
                    var stage = run.Spec.Stages[index];
                    var name = string.Create(CultureInfo.InvariantCulture, $"{index + 1}/{run.Spec.Stages.Count} {stage.Name.PadRight(width)} {stage.Method}");
                    _bars[stage.Name] = context.AddTask(Markup.Escape(name), autoStart: false, maxValue: 1);
                }

                started.SetResult();
                await _finished.Task;
            });
        started.Task.Wait();
    }

    public void Show(RunnerEvent what)
    {
        if (what.Stage is { } stage && _bars.TryGetValue(stage, out var bar))
        {
            Move(bar, what);
        }

        if (_scores.Before(what) is { } row)
        {
            Line(what, "grey", row);
        }

        // Checkpoints and steps move the bar; a line for each would only push the interesting ones away.
        if (what.Event is "checkpoint" || EventText.Of(what) is not { } text)
        {
            return;
        }

        Line(what, what.Level switch { "error" => "red", "warning" => "yellow", _ => "grey" }, text);
    }

    public void End(StatusDocument status, IReadOnlyList<string> next)
    {
        _finished.TrySetResult();
        _live.Wait();
        RunSummary.Write(console, status, next);
    }

    public async ValueTask DisposeAsync()
    {
        _finished.TrySetResult();
        await _live;
    }

    private void Line(RunnerEvent what, string colour, string text) =>
        console.Write(FullWidth(string.Create(CultureInfo.InvariantCulture, $"[{colour}]{what.Time.LocalDateTime:HH:mm:ss}[/] {(what.Stage is { } name ? $"[bold]{Markup.Escape(name)}[/] " : "")}{Markup.Escape(text)}")));

    /// <summary>Lines are written over the bars, which move down; blanks to the edge cover what a bar left behind.</summary>
    internal static IRenderable FullWidth(string markup) => Align.Left(new Markup(markup));

    private void Move(ProgressTask bar, RunnerEvent what)
    {
        if (what is { Event: "stage", State: "succeeded" or "reused" })
        {
            bar.StartTask();
            bar.Value = bar.MaxValue;
            _figures.Set(bar, what.State == "reused" ? "finished before" : "done");
            bar.StopTask();
        }

        if (what.Progress is not { } progress || bar.IsFinished)
        {
            return;
        }

        if (!bar.IsStarted)
        {
            bar.StartTask();
        }

        if (progress.Steps > 0)
        {
            // A bar at its end counts as finished and stands still, but scoring is still to come.
            bar.MaxValue = progress.Steps * 1.0001;
            bar.Value = progress.Step;
        }

        _figures.Set(bar, progress.Phase == Contract.TrainerPhase.Training ? EventText.Figures(progress) : EventText.Phase(progress));
    }

    private sealed class FiguresColumn : ProgressColumn
    {
        private readonly ConcurrentDictionary<int, string> _texts = new();

        protected override bool NoWrap => true;

        public void Set(ProgressTask task, string text) => _texts[task.Id] = text;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(_texts.GetValueOrDefault(task.Id, ""), new Style(Color.Grey)).Overflow(Overflow.Ellipsis);
    }
}

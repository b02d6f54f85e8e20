using System.Globalization;
using Cpt.Cli.Display;
using Cpt.Cli.Running;
using Spectre.Console;

namespace Cpt.Cli.Studies.Display;

/// <summary>One bar for the study and one for each run at work; runs that ended leave a line above the bars.</summary>
internal sealed class StudyTerminal(IAnsiConsole console) : IStudyDisplay
{
    private readonly Dictionary<string, ProgressTask> _bars = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Stage, int Stages)> _places = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Dictionary<string, IReadOnlyList<string>> _stages = new(StringComparer.Ordinal);
    private ProgressContext? _context;
    private ProgressTask? _all;
    private Task _live = Task.CompletedTask;

    public void Begin(StudySource source, StudyDirectory place, int concurrency, int threads)
    {
        console.MarkupLineInterpolated($"{StudyWords.Beginning(source, place, concurrency, threads)}");
        _stages = source.Runs.ToDictionary(run => run.Run.Metadata.Name, run => (IReadOnlyList<string>)[.. run.Run.Spec.Stages.Select(stage => stage.Name)], StringComparer.Ordinal);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _live = console.Progress()
            .AutoClear(true)
            .HideCompleted(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 30 }, new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                _context = context;
                // A bar at its end would be hidden.
                _all = context.AddTask("all runs", maxValue: source.Runs.Count * 1.0001);
                started.SetResult();
                await _finished.Task;
            });
        started.Task.Wait();
    }

    public void Show(RunnerEvent what)
    {
        if (what.Run is { } run)
        {
            Move(run, what);
        }

        if (StudyWords.Of(what) is { } text)
        {
            var colour = what.Level switch { "error" => "red", "warning" => "yellow", _ => "grey" };
            console.Write(TerminalDisplay.FullWidth(string.Create(CultureInfo.InvariantCulture,
                $"[{colour}]{what.Time.LocalDateTime:HH:mm:ss}[/] {(what.Run is { } name ? $"[bold]{Markup.Escape(name)}[/] " : "")}{(what.Stage is { } stage ? Markup.Escape(stage) + " " : "")}{Markup.Escape(text)}")));
        }
    }

    public void End(StudyResults results, IReadOnlyList<string> next)
    {
        _finished.TrySetResult();
        _live.Wait();
        StudyTables.Write(console, results, next);
    }

    public async ValueTask DisposeAsync()
    {
        _finished.TrySetResult();
        await _live;
    }

    private void Move(string run, RunnerEvent what)
    {
        if (!_bars.TryGetValue(run, out var bar))
        {
            if (what.Event == "finished")
            {
                _all!.Increment(1);
                return;
            }

            _bars[run] = bar = _context!.AddTask(Markup.Escape(run), maxValue: _stages[run].Count);
        }

        if (what.Event == "finished")
        {
            _all!.Increment(1);
            bar.Value = bar.MaxValue;
            bar.StopTask();
            return;
        }

        var stages = _stages[run];
        var index = what.Stage is { } stage ? stages.Index().FirstOrDefault(entry => entry.Item == stage).Index : _places.GetValueOrDefault(run).Stage;
        _places[run] = (index, stages.Count);
        if (what.Progress is { Steps: > 0 } progress)
        {
            // Never at its end while it is at work: it would be hidden.
            bar.Value = Math.Min(index + ((double)progress.Step / progress.Steps), stages.Count - 0.001);
            bar.Description = Markup.Escape(string.Create(CultureInfo.InvariantCulture, $"{run} {stages[index]} {EventText.Figures(progress)}"));
        }
    }
}

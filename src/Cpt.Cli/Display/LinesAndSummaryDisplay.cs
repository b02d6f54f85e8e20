using Cpt.Api;
using Cpt.Cli.Running;
using Cpt.Cli.Status;

namespace Cpt.Cli.Display;

/// <summary>Without a terminal: events as JSON lines on standard output for a program, the closing tables on standard error for whoever reads the log.</summary>
internal sealed class LinesAndSummaryDisplay(IRunDisplay lines, TextWriter summary) : IRunDisplay
{
    public void Begin(ContinualRun run, WorkDirectory work) => lines.Begin(run, work);

    public void Show(RunnerEvent what) => lines.Show(what);

    public void End(StatusDocument status, IReadOnlyList<string> next)
    {
        lines.End(status, next);
        RunSummary.Write(PlainConsole.On(summary), status, next);
    }

    public ValueTask DisposeAsync() => lines.DisposeAsync();
}

using System.Text.Json;
using Cpt.Api;
using Cpt.Cli.Running;
using Cpt.Cli.Status;

namespace Cpt.Cli.Display;

/// <summary>One event a line, for programs and logs; the last line is <c>finished</c> with the whole status.</summary>
internal sealed class JsonLinesDisplay(TextWriter output, TimeProvider time) : IRunDisplay
{
    public void Begin(ContinualRun run, WorkDirectory work) => Show(new RunnerEvent
    {
        Time = time.GetUtcNow(),
        Event = "run",
        Message = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{run.Metadata.Name}: {run.Spec.Stages.Count} stages in {work.Root}"),
    });

    public void Show(RunnerEvent what)
    {
        output.WriteLine(JsonSerializer.Serialize(what, CliJson.OneLine.RunnerEvent));
        output.Flush();
    }

    public void End(StatusDocument status, IReadOnlyList<string> next) =>
        Show(new RunnerEvent { Time = time.GetUtcNow(), Event = "finished", Message = status.Message, Status = status });

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

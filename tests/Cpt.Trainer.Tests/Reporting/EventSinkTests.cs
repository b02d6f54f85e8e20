using System.Text.Json;
using Cpt.Contract;
using Cpt.Trainer.Reporting;

namespace Cpt.Trainer.Tests;

public sealed class EventSinkTests
{
    private static readonly DateTimeOffset s_time = new(2025, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void JsonIsOneReadableLineAnEvent()
    {
        var output = new StringWriter { NewLine = "\n" };
        var sink = new JsonEventSink(output);
        sink.Write(new TrainerEvent { Time = s_time, Event = "message", Message = "it's <one>\nline" });
        sink.Write(new TrainerEvent { Time = s_time, Event = "step", Progress = A.Progress() with { Step = 3 } });
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("""{"time":"2025-01-02T03:04:05+00:00","level":"info","event":"message","message":"it's <one>\nline"}""", lines[0]);
        Assert.Equal(3, JsonSerializer.Deserialize(lines[1], ContractJson.Default.TrainerEvent)!.Progress!.Step);
        Assert.Equal(2, lines.Length);
    }

    [Fact]
    public void ATerminalRewritesTheStepLineAndKeepsTheRest()
    {
        var output = new StringWriter { NewLine = "\n" };
        var sink = new TextEventSink(output, rewriteLine: true);
        sink.Write(Step(10, 1.5));
        sink.Write(Step(20, 0.25));
        sink.Write(new TrainerEvent { Time = s_time, Event = "message", Level = "warning", Message = "careful" });
        Assert.Equal("\r[##########..........] 10/20 loss 1.5000\r[####################] 20/20 loss 0.2500\nwarning: careful\n", output.ToString());
    }

    [Fact]
    public void ScoresAndResultsReadAsSentences()
    {
        var output = new StringWriter { NewLine = "\n" };
        var sink = new TextEventSink(output, rewriteLine: false);
        sink.Write(new TrainerEvent
        {
            Time = s_time, Event = "evaluation", Score = new TaskScore { Task = "copy", Kind = ScoreKind.Benchmark, Accuracy = 0.875, Samples = 8, LostFromPrevious = 1, GainedFromPrevious = 0 },
        });
        sink.Write(new TrainerEvent { Time = s_time, Level = "error", Event = "result", Message = "no", Result = A.Result("no") with { ExitCode = 65, Reason = "BadTask" } });
        Assert.Equal("copy: 87.5 % of 8, lost 1, gained 0\nerror: BadTask (exit code 65): no\n", output.ToString());
    }

    [Fact]
    public void AReaderThatIsGoneDoesNotEndTheStage()
    {
        using var broken = new BrokenWriter();
        new JsonEventSink(broken).Write(Step(1, 1));
        new TextEventSink(broken, rewriteLine: true).Write(Step(1, 1));
        Assert.Equal(2, broken.Tried);
    }

    private static TrainerEvent Step(int step, double loss) =>
        new() { Time = s_time, Event = "step", Progress = A.Progress() with { Step = step, Steps = 20, Loss = loss } };

    private sealed class BrokenWriter : StringWriter
    {
        public int Tried { get; private set; }

        public override void WriteLine(string? value) => Fail();

        public override void Write(string? value) => Fail();

        private void Fail()
        {
            Tried++;
            throw new IOException("broken pipe");
        }
    }
}

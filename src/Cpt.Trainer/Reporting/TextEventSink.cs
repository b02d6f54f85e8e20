using System.Globalization;
using System.Text;
using Cpt.Contract;

namespace Cpt.Trainer.Reporting;

/// <summary>For a person: one line that the steps rewrite, and a line of its own for everything else.</summary>
internal sealed class TextEventSink(TextWriter output, bool rewriteLine) : IEventSink
{
    private const int BarWidth = 20;

    private readonly Lock _gate = new();
    private int _openColumns;

    public void Write(TrainerEvent trainerEvent)
    {
        lock (_gate)
        {
            try
            {
                if (trainerEvent.Event == "step" && trainerEvent.Progress is { } progress && rewriteLine)
                {
                    var line = StepLine(progress);
                    output.Write('\r' + line.PadRight(_openColumns));
                    _openColumns = line.Length;
                }
                else
                {
                    if (_openColumns > 0)
                    {
                        output.WriteLine();
                        _openColumns = 0;
                    }

                    output.WriteLine(Line(trainerEvent));
                }

                output.Flush();
            }
            catch (IOException)
            {
                // As in JsonEventSink: a lost terminal must not end a training.
            }
        }
    }

    private static string Line(TrainerEvent trainerEvent)
    {
        var line = new StringBuilder();
        line.Append(trainerEvent.Level switch { "error" => "error: ", "warning" => "warning: ", _ => "" });
        line.Append(trainerEvent switch
        {
            { Event: "phase", Progress: { } progress } => progress.Phase + (progress.EvaluatingTask is { } task ? " " + task : ""),
            { Event: "step", Progress: { } progress } => StepLine(progress),
            { Event: "sampling", Progress: { } progress } => string.Create(CultureInfo.InvariantCulture, $"sampled {progress.Sampled} of {progress.ToSample} train samples"),
            { Event: "evaluation", Score: { } score } => string.Create(CultureInfo.InvariantCulture, $"{score.Task}: {score.Accuracy:P1} of {score.Samples}")
                + (score.LostFromPrevious is { } lost ? string.Create(CultureInfo.InvariantCulture, $", lost {lost}, gained {score.GainedFromPrevious}") : ""),
            { Event: "result", Result: { } result } => $"{result.Reason} (exit code {result.ExitCode})" + (result.Message is { } text ? ": " + text : ""),
            _ => trainerEvent.Event,
        });
        if (trainerEvent.Event is not "result" && trainerEvent.Message is { } message)
        {
            line.Clear().Append(trainerEvent.Level switch { "error" => "error: ", "warning" => "warning: ", _ => "" }).Append(message);
        }

        return line.ToString();
    }

    private static string StepLine(StageProgress progress)
    {
        var done = progress.Steps == 0 ? 0 : Math.Clamp(progress.Step * BarWidth / progress.Steps, 0, BarWidth);
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"[{new string('#', done)}{new string('.', BarWidth - done)}] {progress.Step}/{progress.Steps}");
        if (progress.Loss is { } loss)
        {
            line.Append(CultureInfo.InvariantCulture, $" loss {loss:F4}");
        }

        if (progress.Reward is { } reward)
        {
            line.Append(CultureInfo.InvariantCulture, $" reward {reward:F3}");
        }

        if (progress.TokensPerSecond is { } rate)
        {
            line.Append(CultureInfo.InvariantCulture, $" {rate:F0} tok/s");
        }

        if (progress.SecondsLeft is { } left)
        {
            line.Append(CultureInfo.InvariantCulture, $" {TimeSpan.FromSeconds(left):hh\\:mm\\:ss} left");
        }

        return line.ToString();
    }
}

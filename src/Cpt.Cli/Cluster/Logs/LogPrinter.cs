using System.Text.Json;
using Cpt.Cli.Display;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Cluster.Logs;

/// <summary>Lines of a trainer's log on standard output: its events in words, or as they came.</summary>
internal sealed class LogPrinter(TextWriter output, bool raw, bool timestamps)
{
    private readonly TextDisplay _text = new(output);

    public void Print(AttemptPod pod, LogLine line)
    {
        if (!raw && Parse(line.Text) is { } said)
        {
            var what = RunnerEvent.Of(pod.Stage, pod.Attempt, said);
            _text.Show(timestamps && line.Time is { } time ? what with { Time = time } : what);
            // The local runner tells of the end in the planner's words; here the trainer's own are the last.
            if (said.Result is { } result && what.Level != "error")
            {
                output.WriteLine($"{result.Reason} (exit code {result.ExitCode.ToString(System.Globalization.CultureInfo.InvariantCulture)}){(result.Message is { Length: > 0 } message ? ": " + message : "")}");
            }
        }
        else
        {
            output.WriteLine(timestamps ? line.Raw : line.Text);
        }

        output.Flush();
    }

    private static TrainerEvent? Parse(string text)
    {
        try
        {
            return text.StartsWith('{') ? JsonSerializer.Deserialize(text, ContractJson.Default.TrainerEvent) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

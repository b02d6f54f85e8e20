using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cpt.Tasks;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt task check --task URI|DIR</c>: reads a task as the trainer will, and says what it found.</summary>
internal static class TaskCheckCommand
{
    public static Command Create()
    {
        var task = new Option<string>("--task") { Description = "A directory, file://… or generated://suite/task", Required = true, HelpName = "URI|DIR" };
        var scorer = new Option<string?>("--scorer") { Description = "Check with this scorer instead of the task's own", HelpName = "NAME" };
        var format = new Option<string>("--output", "-o") { Description = "text or json", DefaultValueFactory = _ => "text", HelpName = "FORMAT" };
        format.AcceptOnlyFromAmong("text", "json");
        var command = new Command("check", "Read a task as a stage will, and show what is in it") { task, scorer, format };
        command.SetAction(result => TaskCommand.Reporting(result, output =>
        {
            var source = result.GetRequiredValue(task);
            var data = (source.Contains("://", StringComparison.Ordinal) ? TaskLoader.Load(source) : TaskLoader.LoadDirectory(source)).WithScorer(result.GetValue(scorer));
            var report = TaskReport.Of(data);
            if (result.GetValue(format) == "json")
                output.WriteLine(JsonSerializer.Serialize(report, TaskReportJson.Readable.TaskReport));
            else
                report.Print(output);
            return 0;
        }));
        return command;
    }
}

internal sealed record TaskReport
{
    public required string Name { get; init; }

    public required string Description { get; init; }

    public required string Scorer { get; init; }

    public required int Train { get; init; }

    public required int Eval { get; init; }

    public required string Digest { get; init; }

    public required TaskReportSample Example { get; init; }

    /// <summary>Of both splits; prompt and answer in UTF-8 bytes, which bounds the tokens of every byte-level tokenizer.</summary>
    public required TaskReportSample Longest { get; init; }

    public static TaskReport Of(TaskData task) => new()
    {
        Name = task.Name,
        Description = task.Definition.Description,
        Scorer = task.Definition.Scorer,
        Train = task.Train.Count,
        Eval = task.Eval.Count,
        Digest = task.Digest,
        Example = TaskReportSample.Of(task.Eval[0]),
        Longest = task.Train.Concat(task.Eval).Select(TaskReportSample.Of).MaxBy(sample => sample.Bytes)!,
    };

    public void Print(TextWriter output)
    {
        output.WriteLine($"task     {Name}" + (Description.Length > 0 ? $": {Description}" : ""));
        output.WriteLine($"scorer   {Scorer}");
        output.WriteLine($"train    {Train} samples");
        output.WriteLine($"eval     {Eval} samples");
        output.WriteLine($"digest   {Digest}");
        output.WriteLine($"example  {Example}");
        output.WriteLine($"longest  {Longest}, {Longest.Bytes} bytes");
    }
}

internal sealed record TaskReportSample(string Id, string Prompt, string Answer, string? Accept, int Bytes)
{
    public static TaskReportSample Of(Sample sample)
    {
        var prompt = string.Concat(sample.Messages.Select(message => message.Content));
        return new TaskReportSample(sample.Id, prompt, sample.Answer, sample.Accept, System.Text.Encoding.UTF8.GetByteCount(prompt + sample.Answer));
    }

    public override string ToString() =>
        $"{Id}: {Shown(Prompt)} → {Shown(Answer)}" + (Accept is null ? "" : $" (accepts {Shown(Accept)})");

    private static string Shown(string text)
    {
        var line = text.ReplaceLineEndings("⏎");
        return line.Length <= 100 ? line : string.Concat(line.AsSpan(0, 100), "…");
    }
}

[JsonSerializable(typeof(TaskReport))]
internal sealed partial class TaskReportJson : JsonSerializerContext
{
    public static TaskReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cpt.Tasks;

/// <summary>The bytes of a task's three files. Equal samples give equal bytes on every machine: digests are taken of them.</summary>
internal static class TaskFiles
{
    public const string Definition = "task.json";
    public const string Train = "train.jsonl";
    public const string Eval = "eval.jsonl";

    private static readonly JsonWriterOptions s_line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions s_indented = s_line with { Indented = true, NewLine = "\n" };

    /// <summary>
    /// What is written for a task. Samples hold the prompt suffix already, so task.json is written without it.
    /// </summary>
    public static IReadOnlyList<(string Path, byte[] Content)> Of(TaskDefinition definition, IReadOnlyList<Sample> train, IReadOnlyList<Sample> eval)
    {
        var files = new List<(string, byte[])> { (Definition, OfDefinition(definition)) };
        if (!definition.EvaluationOnly)
            files.Add((Train, OfSamples(train)));

        files.Add((Eval, OfSamples(eval)));
        return files;
    }

    private static byte[] OfDefinition(TaskDefinition definition)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, s_indented))
        {
            json.WriteStartObject();
            json.WriteString("name", definition.Name);
            if (definition.Description.Length > 0)
                json.WriteString("description", definition.Description);
            json.WriteString("scorer", definition.Scorer);
            json.WriteString("version", definition.Version);
            if (definition.License is not null)
                json.WriteString("license", definition.License);
            if (definition.Source is not null)
                json.WriteString("source", definition.Source);
            if (definition.EvaluationOnly)
                json.WriteBoolean("evaluationOnly", value: true);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static byte[] OfSamples(IReadOnlyList<Sample> samples)
    {
        using var stream = new MemoryStream();
        using var json = new Utf8JsonWriter(stream, s_line);
        foreach (var sample in samples)
        {
            WriteSample(json, sample);
            json.Flush();
            stream.WriteByte((byte)'\n');
            json.Reset();
        }

        return stream.ToArray();
    }

    private static void WriteSample(Utf8JsonWriter json, Sample sample)
    {
        json.WriteStartObject();
        json.WriteString("id", sample.Id);
        json.WriteStartArray("messages");
        foreach (var message in sample.Messages)
        {
            json.WriteStartObject();
            json.WriteString("role", message.Role);
            json.WriteString("content", message.Content);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("answer", sample.Answer);
        if (sample.Accept is not null)
            json.WriteString("accept", sample.Accept);
        WriteTexts(json, "choices", sample.Choices);
        WriteTexts(json, "answers", sample.Answers);
        if (sample.Scorer is not null)
            json.WriteString("scorer", sample.Scorer);
        WriteTexts(json, "images", sample.Images);
        if (sample.Metadata is not null)
        {
            json.WritePropertyName("metadata");
            json.WriteRawValue(sample.Metadata);
        }

        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
            return;

        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}

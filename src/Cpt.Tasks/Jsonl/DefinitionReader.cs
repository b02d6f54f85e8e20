using System.Text.Json;

namespace Cpt.Tasks;

/// <summary>Reads task.json.</summary>
internal static class DefinitionReader
{
    private static readonly string[] s_fields = ["name", "description", "scorer", "version", "license", "source", "promptSuffix", "systemPrompt", "evaluationOnly"];

    /// <exception cref="TaskDataException">Lists every wrong field.</exception>
    public static TaskDefinition Read(string file, ReadOnlyMemory<byte> content)
    {
        var problems = new List<string>();
        TaskDefinition? definition = null;
        try
        {
            using var document = JsonDocument.Parse(content, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                definition = ReadObject(document.RootElement, problems);
            else
                problems.Add($"must be a JSON object, found {JsonFields.Shown(document.RootElement)}");
        }
        catch (JsonException error)
        {
            problems.Add($"not valid JSON: {error.Message}");
        }
        catch (InvalidOperationException)
        {
            problems.Add("not valid UTF-8 text");
        }

        return problems.Count == 0 ? definition! : throw new TaskDataException([.. problems.Select(problem => $"{file}: {problem}")]);
    }

    private static TaskDefinition ReadObject(JsonElement element, List<string> problems)
    {
        var fields = new JsonFields(element, problems, "", s_fields);
        var definition = new TaskDefinition
        {
            Name = fields.RequiredText("name") ?? "",
            Description = fields.Text("description") ?? "",
            Scorer = fields.RequiredText("scorer") ?? "",
            Version = fields.Text("version") ?? "1",
            License = fields.Text("license"),
            Source = fields.Text("source"),
            PromptSuffix = fields.Text("promptSuffix"),
            SystemPrompt = fields.Text("systemPrompt"),
            EvaluationOnly = fields.Flag("evaluationOnly"),
        };

        if (definition.Scorer.Length > 0 && !Scorers.TryGet(definition.Scorer, out _, out var problem))
            fields.Wrong("scorer", problem);

        return definition;
    }
}

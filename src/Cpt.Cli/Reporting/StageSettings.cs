using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api;

namespace Cpt.Cli.Reporting;

/// <summary>A stage's settings, defaults filled in, as <c>name = value</c> by the names of the manifest.</summary>
internal static class StageSettings
{
    /// <param name="stage">With <see cref="RunDefaults"/> applied.</param>
    public static IReadOnlyList<(string Name, string Value)> Of(RunStage stage)
    {
        var run = JsonSerializer.SerializeToNode(stage, ApiJson.Default.RunStage)!.AsObject();
        var settings = new List<(string, string)>();
        foreach (var part in (string[])["method", "parameters", "lora", "freeze", "rft", "selfDistillation", "replay", "regularization"])
        {
            Flatten(part, run[part], settings);
        }

        return settings;
    }

    private static void Flatten(string name, JsonNode? node, List<(string Name, string Value)> settings)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (key, value) in fields)
                {
                    Flatten($"{name}.{key}", value, settings);
                }

                break;
            case not null:
                settings.Add((name, node.ToString()));
                break;
        }
    }
}

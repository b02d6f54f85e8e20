using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Kubernetes.Tests;

/// <summary>A custom resource with everything a kind may have: status and scale subresources, a list with keys.</summary>
[KubernetesEntity(Group = "test.cpt.dev", ApiVersion = "v1", Kind = "Widget", PluralName = "widgets")]
public sealed record Widget : KubernetesObject<WidgetSpec, WidgetStatus>
{
    private const string Definition = """
        {
          "group": "test.cpt.dev", "scope": "Namespaced",
          "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "shortNames": ["wdg"], "categories": ["all"]},
          "versions": [{
            "name": "v1", "served": true, "storage": true,
            "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
              "spec": {"type": "object", "properties": {
                "replicas": {"type": "integer", "minimum": 0},
                "color": {"type": "string", "enum": ["red", "green", "blue"]},
                "size": {"type": "string"},
                "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                  "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "weight": {"type": "integer"}, "note": {"type": "string"}}}}
              }},
              "status": {"type": "object", "properties": {"replicas": {"type": "integer"}, "phase": {"type": "string"}}}
            }}}
          }]
        }
        """;

    public static async Task InstallAsync(KubernetesClient client)
    {
        var definition = await client.CreateAsync(new CustomResourceDefinition
        {
            Metadata = new() { Name = "widgets.test.cpt.dev" },
            Spec = JsonDocument.Parse(Definition).RootElement,
        });
        var which = new WatchOptions { ResourceVersion = definition.Metadata.ResourceVersion!, FieldSelector = "metadata.name=widgets.test.cpt.dev" };
        await foreach (var change in client.WatchAsync<CustomResourceDefinition>(which))
        {
            if (change.Type == WatchEventType.Modified && change.Object.IsEstablished)
            {
                break;
            }
        }

        // Established is said a moment before the first of its URLs answers.
        await Eventually.ThatAsync(async () => await client.HasAsync<Widget>() && await AnswersAsync(client));
    }

    private static async Task<bool> AnswersAsync(KubernetesClient client)
    {
        try
        {
            await client.ListAsync<Widget>();
            return true;
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return false;
        }
    }

    public static Widget Named(string name, string @namespace, WidgetSpec? spec = null) => new() { Metadata = new() { Name = name, Namespace = @namespace }, Spec = spec ?? new() };
}

public sealed record WidgetSpec
{
    public int? Replicas { get; set; }

    public string? Color { get; set; }

    public List<WidgetPart>? Parts { get; set; }

    // "size" stands in the schema and not here: this program is older than the kind.
}

public sealed record WidgetPart
{
    public string Name { get; set; } = "";

    public int? Weight { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

public sealed record WidgetStatus
{
    public int? Replicas { get; set; }

    public string? Phase { get; set; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Widget))]
[JsonSerializable(typeof(NoSuchKind))]
[JsonSerializable(typeof(Node))]
internal sealed partial class TestJson : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;
using Cpt.Kubernetes;

namespace Cpt.Controllers.Tests;

/// <summary>A custom resource for these tests: so many ships, each a ConfigMap that the fleet owns.</summary>
[KubernetesEntity(Group = "test.cpt.dev", ApiVersion = "v1", Kind = "Fleet", PluralName = "fleets")]
public sealed record Fleet : KubernetesObject<FleetSpec, FleetStatus>
{
    private const string Definition = """
        {
          "group": "test.cpt.dev", "scope": "Namespaced",
          "names": {"kind": "KIND", "plural": "PLURAL", "singular": "SINGULAR"},
          "versions": [{
            "name": "v1", "served": true, "storage": true,
            "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
              "spec": {"type": "object", "properties": {"ships": {"type": "integer"}, "note": {"type": "string"}, "keep": {"type": "boolean"}}},
              "status": {"type": "object", "properties": {"afloat": {"type": "integer"}, "looks": {"type": "integer"}}}
            }}}
          }]
        }
        """;

    public static async Task InstallAsync(KubernetesClient client, string kind = "Fleet")
    {
        var singular = kind.ToLowerInvariant();
        var spec = Definition.Replace("KIND", kind, StringComparison.Ordinal)
            .Replace("PLURAL", singular + "s", StringComparison.Ordinal)
            .Replace("SINGULAR", singular, StringComparison.Ordinal);
        await client.CreateAsync(new CustomResourceDefinition { Metadata = new() { Name = singular + "s.test.cpt.dev" }, Spec = JsonDocument.Parse(spec).RootElement });
    }

    public static Fleet Of(int ships, string name, string @namespace) => new() { Metadata = new() { Name = name, Namespace = @namespace }, Spec = new() { Ships = ships } };
}

public sealed record FleetSpec
{
    public int? Ships { get; set; }

    public string? Note { get; set; }

    public bool? Keep { get; set; }
}

public sealed record FleetStatus
{
    public int? Afloat { get; set; }

    public int? Looks { get; set; }
}

/// <summary>A kind that is not installed until a test does.</summary>
[KubernetesEntity(Group = "test.cpt.dev", ApiVersion = "v1", Kind = "Latecomer", PluralName = "latecomers")]
public sealed record Latecomer : KubernetesObject<FleetSpec, FleetStatus>;

/// <summary>A kind that no server has.</summary>
[KubernetesEntity(Group = "test.cpt.dev", ApiVersion = "v1", Kind = "NotThere", PluralName = "notthere")]
public sealed record NotThere : KubernetesObject;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Fleet))]
[JsonSerializable(typeof(Latecomer))]
[JsonSerializable(typeof(NotThere))]
internal sealed partial class TestJson : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api.Reading;

namespace Cpt.Api.Studies;

/// <summary>JSON as what a manifest's reader takes: objects from a cluster go the same way as files.</summary>
internal static class JsonNodes
{
    public static YamlNode ToYaml(JsonNode? node) => node switch
    {
        JsonObject map => new YamlMap([.. map.Select(entry => new YamlEntry(new YamlScalar(entry.Key, true, 0, 0), ToYaml(entry.Value)))], 0, 0),
        JsonArray list => new YamlList([.. list.Select(ToYaml)], 0, 0),
        null => new YamlScalar("null", false, 0, 0),
        _ when node.GetValueKind() == JsonValueKind.String => new YamlScalar(node.GetValue<string>(), true, 0, 0),
        _ => new YamlScalar(node.ToJsonString(), false, 0, 0),
    };
}

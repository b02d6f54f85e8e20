using System.Globalization;
using System.Text.Json.Nodes;

namespace Cpt.Api.Reading;

/// <summary>Values whose fields are not ours: what kubectl would make of them.</summary>
internal static class FreeForm
{
    public static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key.Value, ToJson(entry.Value)))),
        YamlList list => new JsonArray([.. list.Items.Select(ToJson)]),
        YamlScalar scalar => PlainScalar.KindOf(scalar) switch
        {
            ScalarKind.Null => null,
            ScalarKind.Boolean => JsonValue.Create(PlainScalar.IsTrue(scalar.Value)),
            ScalarKind.Integer when long.TryParse(scalar.Value, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
            ScalarKind.Number when double.TryParse(scalar.Value, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
            _ => JsonValue.Create(scalar.Value),
        },
        _ => null,
    };
}

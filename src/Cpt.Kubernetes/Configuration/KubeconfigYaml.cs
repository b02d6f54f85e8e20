using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Cpt.Kubernetes;

/// <summary>YAML (or JSON, which is YAML) to a JSON tree.</summary>
internal static class KubeconfigYaml
{
    /// <returns>Null for an empty document.</returns>
    public static JsonNode? Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Count == 0 ? null : Convert(stream.Documents[0].RootNode, typed: false);
    }

    private static JsonNode? Convert(YamlNode node, bool typed) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(entry =>
        {
            var key = ((YamlScalarNode)entry.Key).Value!;
            return KeyValuePair.Create(key, Convert(entry.Value, typed || key == "extension"));
        })),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(item => Convert(item, typed))]),
        YamlScalarNode scalar => Scalar(scalar, typed),
        _ => null,
    };

    // Outside extensions a kubeconfig has no numbers: a password or token of digits alone is text.
    private static JsonNode? Scalar(YamlScalarNode scalar, bool typed) => scalar switch
    {
        { Style: not ScalarStyle.Plain } => JsonValue.Create(scalar.Value),
        { Value: null or "" or "~" or "null" or "Null" or "NULL" } => null,
        { Value: "true" or "True" or "TRUE" } => JsonValue.Create(true),
        { Value: "false" or "False" or "FALSE" } => JsonValue.Create(false),
        _ when typed && long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        _ => JsonValue.Create(scalar.Value),
    };
}

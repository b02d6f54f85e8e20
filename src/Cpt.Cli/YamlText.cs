using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Serialization;

namespace Cpt.Cli;

/// <summary>JSON as YAML, for people.</summary>
internal static class YamlText
{
    private static readonly ISerializer s_serializer = new SerializerBuilder().WithQuotingNecessaryStrings().WithIndentedSequences().DisableAliases().Build();

    public static string Of(JsonNode? node) => s_serializer.Serialize(Plain(node));

    private static object? Plain(JsonNode? node) => node switch
    {
        null => null,
        JsonObject map => map.ToDictionary(entry => entry.Key, entry => Plain(entry.Value), StringComparer.Ordinal),
        JsonArray list => list.Select(Plain).ToList(),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => Number(node.ToJsonString()),
            JsonValueKind.String => node.GetValue<string>(),
            _ => null,
        },
    };

    /// <summary>By its text: what a node holds may be any of .NET's number types.</summary>
    private static object Number(string json) =>
        long.TryParse(json, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : double.Parse(json, CultureInfo.InvariantCulture);
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <summary>One condition of an object's status, of any kind: fields that a kind lacks stay null.</summary>
public sealed record Condition
{
    public string Type { get; set; } = "";

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string Status { get; set; } = "";

    public long? ObservedGeneration { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? LastTransitionTime { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? LastProbeTime { get; set; }

    public string? Reason { get; set; }

    public string? Message { get; set; }

    /// <summary>Fields this type does not know; a patch of the list writes them back.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }

    [JsonIgnore]
    public bool IsTrue => Status == "True";
}

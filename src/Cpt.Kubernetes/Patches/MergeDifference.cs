using System.Text.Json.Nodes;

namespace Cpt.Kubernetes;

/// <summary>What RFC 7396 needs to get from one tree to another.</summary>
internal static class MergeDifference
{
    /// <returns>Null when there is none.</returns>
    public static JsonObject? Between(JsonObject before, JsonObject after)
    {
        JsonObject? changes = null;
        foreach (var (name, value) in after)
        {
            before.TryGetPropertyValue(name, out var old);
            if (old is JsonObject oldObject && value is JsonObject newObject)
            {
                if (Between(oldObject, newObject) is { } inner)
                {
                    (changes ??= [])[name] = inner;
                }
            }
            else if (!JsonNode.DeepEquals(old, value))
            {
                (changes ??= [])[name] = value?.DeepClone();
            }
        }

        foreach (var (name, value) in before)
        {
            if (value is not null && !after.ContainsKey(name))
            {
                (changes ??= [])[name] = null;
            }
        }

        return changes;
    }
}

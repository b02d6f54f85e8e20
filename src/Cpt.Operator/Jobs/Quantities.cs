using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cpt.Operator.Jobs;

/// <summary>Quantities may be written as numbers (<c>cpu: 2</c>); the API server and kubectl take them as text.</summary>
internal static class Quantities
{
    /// <summary>A copy of requests and limits with every number as text.</summary>
    public static JsonObject AsText(JsonObject resources)
    {
        var copy = resources.DeepClone().AsObject();
        foreach (var part in copy.Select(entry => entry.Value).OfType<JsonObject>())
        {
            foreach (var (name, value) in part.ToList())
            {
                if (value is JsonValue number && number.GetValueKind() == JsonValueKind.Number)
                {
                    part[name] = number.ToJsonString();
                }
            }
        }

        return copy;
    }
}

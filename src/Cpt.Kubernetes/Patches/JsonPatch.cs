using System.Text.Json.Nodes;

namespace Cpt.Kubernetes;

/// <summary>Operations on an object, in order; when one fails, none is done. Paths are JSON pointers: see <see cref="Pointer"/>.</summary>
public sealed class JsonPatch
{
    private readonly JsonArray _operations = [];

    /// <summary>A pointer of these members: <c>Pointer("metadata", "annotations", "cpt.dev/retry")</c> escapes what needs it.</summary>
    public static string Pointer(params ReadOnlySpan<string> members)
    {
        var pointer = new System.Text.StringBuilder();
        foreach (var member in members)
        {
            pointer.Append('/').Append(member.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
        }

        return pointer.ToString();
    }

    /// <summary>The patch fails unless the value is there: 422 Invalid.</summary>
    public JsonPatch Test(string path, JsonNode? value) => Append("test", path, value);

    /// <summary>Sets a member, or inserts into a list; <c>-</c> is the place after its last item.</summary>
    public JsonPatch Add(string path, JsonNode? value) => Append("add", path, value);

    /// <summary>The place must exist.</summary>
    public JsonPatch Replace(string path, JsonNode? value) => Append("replace", path, value);

    /// <summary>The place must exist.</summary>
    public JsonPatch Remove(string path)
    {
        _operations.Add((JsonNode)new JsonObject { ["op"] = "remove", ["path"] = path });
        return this;
    }

    internal JsonArray ToJson() => _operations;

    private JsonPatch Append(string operation, string path, JsonNode? value)
    {
        _operations.Add((JsonNode)new JsonObject { ["op"] = operation, ["path"] = path, ["value"] = value });
        return this;
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api.Schema;

namespace Cpt.Api.Tests.Schema;

/// <summary>One run that breaks one rule of the schema.</summary>
/// <param name="Path">The field, without numbers of list entries.</param>
/// <param name="What">How it is broken.</param>
/// <param name="Run">The object.</param>
internal sealed record Violation(string Path, string What, JsonObject Run)
{
    public override string ToString() => $"{Path} ({What})";

    /// <summary>Every rule of every field of the spec and of the name, broken one at a time.</summary>
    public static IReadOnlyList<Violation> All()
    {
        var definition = JsonNode.Parse(RunDefinition.ToJson().ToJsonString())!;
        var schema = (JsonObject)definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!;
        var found = new List<Violation>();
        Walk(schema["properties"]!["spec"]!, ["spec"], found);
        Walk(schema["properties"]!["metadata"]!["properties"]!["name"]!, ["metadata", "name"], found);

        // A name that is no text no server stores, whatever it knows of schemas.
        return [.. found.Where(violation => violation is not { Path: "metadata.name", What: "a number" })];
    }

    private static void Walk(JsonNode schema, object[] path, List<Violation> found)
    {
        var sample = Get(RunJson.Of(RunJson.Everything), path);
        if (sample is null)
        {
            // epochs and steps exclude one another, as lora and freeze or task and tasks do, and replay, selfDistillation and regularization stand in the second stage alone, tasks in the third.
            Assert.True(path.Contains("epochs") || path.Contains("replay") || path.Contains("freeze") || path.Contains("tasks") || path.Contains("selfDistillation") || path.Contains("regularization"), $"the sample sets {Text(path)}");
            if (path is ["spec", "stages", int stage and < 2, ..])
            {
                Walk(schema, [.. path[..2], stage + 1, .. path[3..]], found);
            }

            return;
        }

        foreach (var (what, value) in Wrong(schema, sample))
        {
            Add(what, root => Set(root, path, value));
        }

        foreach (var name in schema["required"]?.AsArray().Select(name => name!.GetValue<string>()) ?? [])
        {
            Add("missing", root => Get(root, path)!.AsObject().Remove(name), Text([.. path, name]));
            Add("null", root => Get(root, path)!.AsObject()[name] = null, Text([.. path, name]));
        }

        foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
        {
            Walk(property!, [.. path, name], found);
        }

        if (schema["items"] is { } items)
        {
            Add("an entry that is null", root => Get(root, path)!.AsArray()[0] = null);
            Walk(items, [.. path, 0], found);
        }

        if (schema["x-kubernetes-list-map-keys"]?[0]?.GetValue<string>() is { } key)
        {
            Add("two entries of one name", root => Get(root, path)!.AsArray().Add(Get(root, path)![0]!.DeepClone()), $"{Text(path)}|{Text(path)}.{key}");
        }

        void Add(string what, Action<JsonObject> change, string? place = null)
        {
            var run = RunJson.Of(RunJson.Everything);
            change(run);
            found.Add(new(place ?? Text(path), what, run));
        }
    }

    private static IEnumerable<(string What, JsonNode? Value)> Wrong(JsonNode schema, JsonNode sample)
    {
        switch (schema["type"]!.GetValue<string>())
        {
            case "string":
                yield return ("a number", 7);
                if (schema["enum"] is { } words)
                {
                    yield return ("an unknown word", "NoSuchWord");
                    yield return ("another case", Swapped(words[0]!.GetValue<string>()));
                }

                if (schema["pattern"] is not null)
                {
                    yield return ("another form", "%");
                    yield return ("a line break", sample.GetValue<string>() + "\n");
                    yield return ("empty", "");
                }

                if (Number(schema, "maxLength") is { } length)
                {
                    yield return ("too long", sample.GetValue<string>().PadRight((int)length + 1, '1'));
                }

                break;
            case "integer":
                yield return ("text", "seven");
                yield return ("a fraction", 7.5);
                if (Number(schema, "minimum") is { } minimum)
                {
                    yield return ("too small", minimum - 1);
                }

                if (Number(schema, "maximum") is { } maximum)
                {
                    yield return ("too large", maximum + 1);
                }

                break;
            case "boolean":
                yield return ("text", "yes");
                break;
            case "array":
                yield return ("a map", new JsonObject());
                if (Number(schema, "minItems") is > 0)
                {
                    yield return ("empty", new JsonArray());
                }

                if (Number(schema, "maxItems") is { } items)
                {
                    yield return ("too many", new JsonArray([.. Enumerable.Range(0, (int)items + 1).Select(index => Named(sample[0]!, index))]));
                }

                break;
            default:
                yield return ("text", "text");
                if (Number(schema, "maxProperties") is { } properties)
                {
                    yield return ("too many", new JsonObject(Enumerable.Range(0, (int)properties + 1).Select(index => KeyValuePair.Create($"k{index}", (JsonNode?)"1"))));
                }

                break;
        }
    }

    private static JsonNode Named(JsonNode entry, int index)
    {
        var copy = entry.DeepClone();
        if (copy is JsonObject map && map.ContainsKey("name"))
        {
            map["name"] = string.Create(CultureInfo.InvariantCulture, $"n{index}");
        }

        return copy;
    }

    private static string Swapped(string word) => char.IsUpper(word[0]) ? word.ToLowerInvariant() : word.ToUpperInvariant();

    private static long? Number(JsonNode schema, string keyword) => schema[keyword]?.GetValue<JsonElement>() is { } value ? value.GetInt64() : null;

    private static JsonNode? Get(JsonNode root, object[] path) =>
        path.Aggregate((JsonNode?)root, (node, part) => part is int index ? node is JsonArray list && index < list.Count ? list[index] : null : (node as JsonObject)?[(string)part]);

    private static void Set(JsonNode root, object[] path, JsonNode? value)
    {
        var owner = Get(root, path[..^1])!;
        if (path[^1] is int index)
        {
            owner[index] = value?.DeepClone();
        }
        else
        {
            owner[(string)path[^1]] = value?.DeepClone();
        }
    }

    private static string Text(object[] path) => string.Join('.', path.OfType<string>());
}

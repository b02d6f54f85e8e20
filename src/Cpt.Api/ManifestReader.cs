using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api.Reading;
using Cpt.Api.Studies;

namespace Cpt.Api;

/// <summary>
/// Manifest text, YAML or JSON, to a run. As strict as a cluster with field validation, and says everything that is wrong at once: unknown fields,
/// wrong types, unknown values, missing fields, duplicate keys, and what <see cref="RunValidator"/> finds.
/// </summary>
public static class ManifestReader
{
    /// <param name="text">One document.</param>
    /// <param name="source">For messages: the file's name.</param>
    /// <exception cref="ManifestException">The manifest cannot be used; it names every field with line and column.</exception>
    public static ContinualRun Read(string text, string source)
    {
        var errors = new List<FieldError>();
        var run = Read(text, errors);
        return errors.Count == 0 && run is not null
            ? run
            : throw new ManifestException(source, [.. errors.OrderBy(error => error.Line == 0 ? int.MaxValue : error.Line).ThenBy(error => error.Column)]);
    }

    /// <summary>The run as one line of JSON, with everything that was read.</summary>
    public static string Write(ContinualRun run) => JsonSerializer.Serialize(run, ApiJson.Default.ContinualRun);

    /// <summary>What the text says it is, or null where it does not say.</summary>
    public static string? KindOf(string text) => YamlTree.Parse(text, []) is YamlMap map && map["kind"] is YamlScalar kind ? kind.Value : null;

    /// <summary>As for a run: a study, and everything that is wrong with it and with the runs that it means.</summary>
    /// <param name="text">One document.</param>
    /// <param name="source">For messages: the file's name.</param>
    /// <exception cref="ManifestException">The manifest cannot be used; it names every field with line and column.</exception>
    public static ContinualStudy ReadStudy(string text, string source)
    {
        var errors = new List<FieldError>();
        var study = Root(text, errors) is { } map && Is(ContinualStudy.KindName, map, errors) ? StudyReader.Read(map, errors) : null;
        return errors.Count == 0 && study is not null ? study : throw new ManifestException(source, [.. errors.OrderBy(error => error.Line == 0 ? int.MaxValue : error.Line).ThenBy(error => error.Column)]);
    }

    private static ContinualRun? Read(string text, List<FieldError> errors) =>
        // Another kind of object has other fields: naming each of them as unknown would help nobody.
        Root(text, errors) is { } map && Is(ContinualRun.KindName, map, errors) ? ReadRun(map, errors) : null;

    private static YamlMap? Root(string text, List<FieldError> errors)
    {
        switch (YamlTree.Parse(text, errors))
        {
            case null:
                return null;
            case YamlMap map:
                return map;
            case var root:
                errors.Add(new FieldError("", "is not a manifest; a map with apiVersion, kind, metadata and spec is expected", root.Line, root.Column));
                return null;
        }
    }

    /// <summary>A run of which only the kind is known.</summary>
    internal static ContinualRun? ReadRun(YamlMap map, List<FieldError> errors)
    {
        var reader = new NodeReader(errors);
        var status = map["status"];
        var json = reader.Read(new YamlMap([.. map.Entries.Where(entry => entry.Key.Value != "status")], map.Line, map.Column), typeof(ContinualRun), "");
        if (json is null || reader.Incomplete)
        {
            return null;
        }

        var run = json.Deserialize(ApiJson.Default.ContinualRun)!;
        errors.AddRange(RunValidator.BetweenFields(run).Select(error => Located(error, reader.Places)));
        return run with { Status = status is null ? null : Status(status) };
    }

    private static bool Is(string kind, YamlMap map, List<FieldError> errors)
    {
        var before = errors.Count;
        Expect("apiVersion", ContinualRun.GroupVersion);
        Expect("kind", kind);
        return errors.Count == before;

        void Expect(string field, string value)
        {
            if (map[field] is not { } node)
            {
                errors.Add(new FieldError(field, $"is missing; it must be {value}", map.Line, map.Column));
            }
            else if (node is not YamlScalar scalar || scalar.Value != value)
            {
                var shown = node is YamlScalar { Value: var text } ? $"\"{text}\" is not known here" : "is not text";
                errors.Add(new FieldError(field, $"{shown}; it must be {value}", node.Line, node.Column));
            }
        }
    }

    /// <summary>Copied from a cluster, most likely. Nobody writes a status by hand, and one that cannot be read is rebuilt.</summary>
    private static ContinualRunStatus? Status(YamlNode node)
    {
        try
        {
            return FreeForm.ToJson(node) is JsonObject json ? json.Deserialize(ApiJson.Default.ContinualRunStatus) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The place of the field, or of the nearest thing around it that is in the manifest.</summary>
    internal static FieldError Located(FieldError error, Dictionary<string, YamlNode> places)
    {
        for (var path = error.Path; path.Length > 0; path = Parent(path))
        {
            if (places.TryGetValue(path, out var node))
            {
                return error with { Line = node.Line, Column = node.Column };
            }
        }

        return error;
    }

    private static string Parent(string path) => path[..Math.Max(0, path.AsSpan().LastIndexOfAny('.', '['))];
}

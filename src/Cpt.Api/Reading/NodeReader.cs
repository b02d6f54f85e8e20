using System.Globalization;
using System.Text.Json.Nodes;

namespace Cpt.Api.Reading;

/// <summary>
/// Walks a manifest beside the types it should have and collects everything that is wrong. What is wrong is left out of the result, so that the
/// rest can still be judged.
/// </summary>
internal sealed class NodeReader(List<FieldError> errors)
{
    /// <summary>Where every field stands, for errors that are found later.</summary>
    public Dictionary<string, YamlNode> Places { get; } = new(StringComparer.Ordinal);

    /// <summary>True when something required is missing, so that no object can be made.</summary>
    public bool Incomplete { get; private set; }

    public JsonNode? Read(YamlNode node, Type type, string path)
    {
        Places[path] = node;
        if (type == typeof(JsonObject))
        {
            return node is YamlMap ? FreeForm.ToJson(node) : Wrong(node, path, "a map of fields is expected");
        }

        if (Field.IsObject(type))
        {
            return node is YamlMap map ? Object(map, type, path) : Wrong(node, path, $"{Shown(node)} stands here; a map of fields is expected ({Names(type)})");
        }

        if (Field.ItemType(type) is { } item)
        {
            return node is YamlList list ? List(list, item, path) : Wrong(node, path, $"{Shown(node)} stands here; a list is expected");
        }

        if (Field.ValueType(type) is { } value)
        {
            return node is YamlMap map ? Map(map, value, path) : Wrong(node, path, $"{Shown(node)} stands here; a map is expected");
        }

        return node is YamlScalar scalar ? Scalar(scalar, type, path) : Wrong(node, path, $"{Shown(node)} stands here; {Expected(type)} is expected");
    }

    private JsonObject Object(YamlMap map, Type type, string path)
    {
        var result = new JsonObject();
        var fields = Field.Of(type);
        foreach (var (key, node) in map.Entries)
        {
            var place = Join(path, key.Value);
            var field = fields.FirstOrDefault(known => known.Name == key.Value);
            if (field is null)
            {
                if (Field.KeepsUnknown(type))
                {
                    result[key.Value] = FreeForm.ToJson(node);
                }
                else
                {
                    Add(key, place, $"unknown field; {Suggestion(key.Value, type)}");
                }
            }
            else if (!IsNull(node) && Read(node, field.Type, place) is { } value)
            {
                result[key.Value] = value;
                Check(field, value, node, place);
            }
        }

        foreach (var field in fields.Where(field => field.Required && (map[field.Name] is not { } given || IsNull(given))))
        {
            Incomplete = true;
            Add(map, Join(path, field.Name), $"is missing; {Expected(field.Type)} is required");
        }

        Incomplete |= fields.Any(field => field.Required && !result.ContainsKey(field.Name));
        return result;
    }

    private JsonArray List(YamlList list, Type item, string path)
    {
        var result = new JsonArray();
        for (var index = 0; index < list.Items.Count; index++)
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");
            if (IsNull(list.Items[index]))
            {
                Incomplete = true;
                Add(list.Items[index], place, $"is empty; {Expected(item)} is expected");
            }
            else if (Read(list.Items[index], item, place) is { } value)
            {
                result.Add(value);
            }
            else
            {
                // Leaving an entry out would move all that follow, and later errors would name the wrong ones.
                Incomplete = true;
            }
        }

        return result;
    }

    private JsonObject Map(YamlMap map, Type type, string path)
    {
        var result = new JsonObject();
        foreach (var (key, node) in map.Entries)
        {
            if (Read(node, type, Join(path, key.Value)) is { } value)
            {
                result[key.Value] = value;
            }
        }

        return result;
    }

    private JsonNode? Scalar(YamlScalar scalar, Type type, string path)
    {
        var kind = PlainScalar.KindOf(scalar);
        var text = scalar.Value;
        if (type == typeof(string))
        {
            return kind switch
            {
                ScalarKind.Text => JsonValue.Create(text),
                ScalarKind.Integer or ScalarKind.Number => Wrong(scalar, path, $"{text} is a number, but text is due here; write \"{text}\" in quotes"),
                ScalarKind.Boolean => Wrong(scalar, path, $"{text} is a boolean in YAML, but text is due here; write \"{text}\" in quotes"),
                _ => Wrong(scalar, path, "is empty; text is expected (\"\" for none)"),
            };
        }

        if (type == typeof(bool))
        {
            return kind == ScalarKind.Boolean
                ? JsonValue.Create(PlainScalar.IsTrue(text))
                : Wrong(scalar, path, $"{Quote(scalar)} is not a boolean; write true or false{WithoutQuotes(scalar)}");
        }

        if (type == typeof(int) || type == typeof(long))
        {
            return Integer(scalar, kind, type, path);
        }

        if (type.IsEnum)
        {
            var known = Field.EnumNames(type);
            return kind == ScalarKind.Text && known.ContainsKey(text)
                ? JsonValue.Create(text)
                : Wrong(scalar, path, $"{Quote(scalar)} is unknown; {Meant(text, known.Keys)}use one of {string.Join(", ", known.Keys)}");
        }

        return type == typeof(DateTimeOffset) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _)
            ? JsonValue.Create(text)
            : Wrong(scalar, path, $"{Quote(scalar)} is not {Expected(type)}");
    }

    private JsonValue? Integer(YamlScalar scalar, ScalarKind kind, Type type, string path)
    {
        var text = scalar.Value;
        if (kind == ScalarKind.Integer && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return type == typeof(long) || number is >= int.MinValue and <= int.MaxValue
                ? JsonValue.Create(number)
                : Wrong(scalar, path, $"{text} is too large for a whole number here");
        }

        return kind == ScalarKind.Text && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            ? Wrong(scalar, path, $"\"{text}\" is text, but a number is due here; write {text} without quotes")
            : Wrong(scalar, path, $"{Quote(scalar)} is not a whole number");
    }

    /// <summary>Rules on the field itself; those between fields are <see cref="RunValidator"/>'s.</summary>
    private void Check(Field field, JsonNode value, YamlNode node, string path)
    {
        object? plain = value switch
        {
            JsonArray array => array,
            JsonObject => null,
            _ when field.Type == typeof(string) => value.GetValue<string>(),
            _ when field.Type == typeof(int) || field.Type == typeof(long) => value.GetValue<long>(),
            _ => null,
        };
        if (plain is not null && field.Rules.Select(rule => rule.Check(plain)).FirstOrDefault(found => found is not null) is { } problem)
        {
            Add(node, path, problem);
        }
    }

    private static string Suggestion(string name, Type type)
    {
        var fields = Field.Of(type);
        if (Nearest.To(name, fields.Select(field => field.Name)) is { } near)
        {
            return $"did you mean {near}?";
        }

        // A field put one level too high: batchSize beside parameters, groupSize beside rft.
        if (type == typeof(RunStage) && StageParameters.Rules.ContainsKey(name))
        {
            return $"did you mean parameters.{name}?";
        }

        var below = fields.FirstOrDefault(field => Field.IsObject(field.Type) && Field.Of(field.Type).Any(inner => inner.Name == name));
        return below is not null ? $"did you mean {below.Name}.{name}?" : $"known here: {Names(type)}";
    }

    private static string Meant(string text, IEnumerable<string> known) => Nearest.To(text, known) is { } near ? $"did you mean {near}? " : "";

    private static string Names(Type type) => string.Join(", ", Field.Of(type).Select(field => field.Name));

    private static string Expected(Type type) => type switch
    {
        _ when type == typeof(string) => "text",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) || type == typeof(long) => "a whole number",
        _ when type == typeof(DateTimeOffset) => "a time like 2026-01-31T12:00:00Z",
        _ when type.IsEnum => $"one of {string.Join(", ", Field.EnumNames(type).Keys)}",
        _ when Field.ItemType(type) is not null => "a list",
        _ when Field.IsObject(type) => $"a map of fields ({Names(type)})",
        _ => "a map",
    };

    private static string Shown(YamlNode node) => node switch
    {
        YamlScalar scalar => Quote(scalar),
        YamlList => "a list",
        _ => "a map",
    };

    private static string Quote(YamlScalar scalar) => scalar.Quoted || scalar.Value.Length == 0 ? $"\"{scalar.Value}\"" : scalar.Value;

    private static string WithoutQuotes(YamlScalar scalar) => scalar is { Quoted: true, Value: "true" or "false" } ? " without quotes" : "";

    private static bool IsNull(YamlNode node) => node is YamlScalar scalar && PlainScalar.KindOf(scalar) == ScalarKind.Null;

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private JsonValue? Wrong(YamlNode node, string path, string message)
    {
        Add(node, path, message);
        return null;
    }

    private void Add(YamlNode node, string path, string message) => errors.Add(new FieldError(path, message, node.Line, node.Column));
}

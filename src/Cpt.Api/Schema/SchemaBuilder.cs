using System.Reflection;
using System.Text.Json.Nodes;
using Cpt.Api.Reading;
using Cpt.Api.Rules;

namespace Cpt.Api.Schema;

/// <summary>
/// Types to a structural schema. Shapes come from the JSON metadata, rules from the attributes on the properties, descriptions from their comments, values
/// from <see cref="RunDefaults"/>: nothing is said twice.
/// </summary>
internal sealed class SchemaBuilder
{
    private const string KeepUnknown = "x-kubernetes-preserve-unknown-fields";

    private readonly Documentation _documentation = Documentation.Load();
    private readonly SchemaDefaults _defaults = new();
    private readonly CelRules _rules;

    /// <summary>A run that patches are still to come to: nothing is filled in, nothing is fixed, and what must fit together is judged once it is whole.</summary>
    private readonly bool _unfinished;

    public SchemaBuilder()
        : this(unfinished: false)
    {
    }

    private SchemaBuilder(bool unfinished) => (_rules, _unfinished) = (new CelRules(_defaults), unfinished);

    /// <summary>The whole object of a run.</summary>
    public JsonObject Root() => Root(typeof(ContinualRun), ContinualRun.KindName);

    /// <summary>The whole object of a study, whose base is a run without defaults and without rules between its fields.</summary>
    public static JsonObject OfStudy() => new SchemaBuilder(unfinished: true).Root(typeof(ContinualStudy), ContinualStudy.KindName);

    private JsonObject Root(Type type, string kind)
    {
        var name = new JsonObject { ["type"] = "string" };
        new DnsLabelAttribute().Describe(name);
        var schema = new JsonObject
        {
            ["description"] = _documentation.Of(type),
            ["type"] = "object",
            ["required"] = new JsonArray("spec"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = new JsonObject { ["description"] = "Always cpt.dev/v1alpha1.", ["type"] = "string" },
                ["kind"] = new JsonObject { ["description"] = $"Always {kind}.", ["type"] = "string" },
                // Of metadata a schema may bind the name alone; labels of pods take 63 characters, where the server itself would allow 253 and dots.
                ["metadata"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["name"] = name } },
                ["spec"] = Property(Field.Of(type).Single(field => field.Name == "spec"), "spec"),
                ["status"] = Property(Field.Of(type).Single(field => field.Name == "status"), "status"),
            },
        };
        AddRules(schema, "");
        return schema;
    }

    private JsonObject Property(Field field, string path)
    {
        var schema = path == "spec.stages[].parameters" ? Parameters(path) : Shape(field.Type, path);
        var value = _defaults.Of(path);
        Describe(schema, Description(field, path));
        if (field.FreeForm)
        {
            schema[KeepUnknown] = true;
        }

        if (value is not null && !_unfinished)
        {
            schema["default"] = value;
        }

        if (field.MapKey is { } key)
        {
            schema["x-kubernetes-list-type"] = "map";
            schema["x-kubernetes-list-map-keys"] = new JsonArray(key);
        }
        else if (schema["items"] is not null)
        {
            schema["x-kubernetes-list-type"] = "atomic";
        }

        if (path is "spec.stages[].task" or "spec.stages[].rft" or "spec.stages[].lora" or "spec.stages[].parameters" or "spec.stages[].replay" or "spec.stages[].regularization")
        {
            // Settings of one stage have one author; who owns each single one of them would be noted in 12 KB of an object with 64 stages.
            schema["x-kubernetes-map-type"] = "atomic";
        }

        if (MayBeEmpty(field, path))
        {
            schema["nullable"] = true;
        }

        foreach (var rule in field.Rules)
        {
            rule.Describe(schema);
        }

        if (field.Immutable && !_unfinished)
        {
            // A server applies defaults to what it stored as well, so the old value is always there, also of fields that were left out.
            schema.AddRule("self == oldSelf", "may not change once the run exists; put the old value back, or make a run with another name");
        }

        if (path != "spec.stages[]")
        {
            AddRules(schema, path);
        }

        return schema;
    }

    /// <summary>
    /// Servers before 1.21 take an empty text for null when they were built with a newer Go than their own: both are the same address there, and the validator compares addresses.
    /// What may be null may then be empty; to everybody else it makes no difference.
    /// </summary>
    private static bool MayBeEmpty(Field field, string path) => path switch
    {
        "spec.retryToken" => true,
        "status.conditions[].type" => false, // the key of its list
        _ => path.StartsWith("status.", StringComparison.Ordinal) && (field.Type == typeof(string) || path.StartsWith("status.matrix.rows[].", StringComparison.Ordinal)),
    };

    private JsonObject Shape(Type type, string path) => type switch
    {
        _ when type == typeof(string) => new() { ["type"] = "string" },
        _ when type == typeof(bool) => new() { ["type"] = "boolean" },
        _ when type == typeof(int) => new() { ["type"] = "integer", ["format"] = "int32", ["maximum"] = int.MaxValue },
        _ when type == typeof(long) => new() { ["type"] = "integer", ["format"] = "int64" },
        _ when type == typeof(DateTimeOffset) => new() { ["type"] = "string", ["format"] = "date-time" },
        _ when type == typeof(JsonObject) => new() { ["type"] = "object" },
        _ when type.IsEnum => new() { ["type"] = "string", ["enum"] = new JsonArray([.. Field.EnumNames(type).Keys.Select(name => JsonValue.Create(name))]) },
        _ when type == typeof(IReadOnlyList<string>) && path.StartsWith("status.matrix.rows[].", StringComparison.Ordinal) => new() { ["type"] = "string" },
        _ when Field.ItemType(type) is { } item => List(item, path + "[]"),
        _ when Field.ValueType(type) is { } value => new() { ["type"] = "object", ["additionalProperties"] = Shape(value, path + "{}") },
        // The base of a study has the fields of a run, and their paths.
        _ when type == typeof(ContinualRunSpec) => Object(type, "spec"),
        _ when Field.IsObject(type) => Object(type, path),
        _ => throw new InvalidOperationException($"{path} is a {type}, for which there is no schema"),
    };

    private JsonObject List(Type item, string path)
    {
        var entry = Shape(item, path);
        if (Field.IsObject(item))
        {
            Describe(entry, _documentation.Of(item));
            AddRules(entry, path);
        }
        else if (item == typeof(string) && path.StartsWith("spec.", StringComparison.Ordinal))
        {
            // Lists of text name stages, unless a rule says otherwise.
            entry["maxLength"] = DnsLabelAttribute.MaximumLength;
        }

        return new() { ["type"] = "array", ["items"] = entry };
    }

    private JsonObject Object(Type type, string path)
    {
        var fields = Field.Of(type);
        var schema = new JsonObject { ["type"] = "object" };
        if (fields.Where(field => field.Required).Select(field => JsonValue.Create(field.Name)).ToArray<JsonNode?>() is { Length: > 0 } required)
        {
            schema["required"] = new JsonArray(required);
        }

        schema["properties"] = new JsonObject(fields.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)Property(field, $"{path}.{field.Name}"))));
        return schema;
    }

    /// <summary>
    /// A map in the program, whose keys are known: as fields each of them is explained and checked by every server. A key that is not known is kept, so that the operator
    /// can say so; pruned in silence, a misspelt learning rate would train at another one.
    /// </summary>
    private JsonObject Parameters(string path)
    {
        var properties = new JsonObject();
        foreach (var (key, rule) in StageParameters.Rules)
        {
            var schema = new JsonObject { ["type"] = "string" };
            var constant = typeof(StageParameters).GetFields().Single(field => (string?)field.GetRawConstantValue() == key);
            var (sft, rft) = (_defaults.Parameter(Method.SFT, key), _defaults.Parameter(Method.RFT, key));
            var value = sft is null ? "" : sft == rft ? $" Defaults to \"{sft}\"." : $" Defaults to \"{sft}\" for SFT and \"{rft}\" for RFT.";
            Describe(schema, _documentation.Of(constant) + value);
            rule.Describe(schema);
            AddRules(schema, $"{path}.{key}");
            properties[key] = schema;
        }

        return new() { ["type"] = "object", ["properties"] = properties, [KeepUnknown] = true };
    }

    private void AddRules(JsonObject schema, string path)
    {
        if (!_unfinished)
        {
            _rules.AddTo(schema, path);
        }
    }

    private string? Description(Field field, string path)
    {
        var member = (MemberInfo)field.Property.AttributeProvider!;
        var sentences = new List<string?> { _documentation.Of(member) };
        if (field.Type.IsEnum)
        {
            sentences.AddRange(Field.EnumNames(field.Type)
                .Select(entry => (entry.Key, Text: _documentation.Of(field.Type.GetField(entry.Value.ToString()!)!)))
                .Where(entry => entry.Text is not null)
                .Select(entry => $"{entry.Key}: {entry.Text}"));
        }

        if (path == "spec.stages[].parameters")
        {
            // Servers publish an object that keeps unknown fields without its known ones to clients that read OpenAPI v2.
            sentences.Add($"Known are {string.Join(", ", StageParameters.Rules.Keys)}.");
        }

        if (_defaults.Explained(path)?.ToJsonString() is { } text)
        {
            sentences.Add($"Defaults to {(field.Type.IsEnum ? text.Trim('"') : text)}.");
        }

        if (field.Immutable && !_unfinished)
        {
            sentences.Add("May not change once the run exists.");
        }

        return string.Join(' ', sentences.Where(sentence => !string.IsNullOrEmpty(sentence)));
    }

    /// <summary>First, where a reader looks for it.</summary>
    private static void Describe(JsonObject schema, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            schema.Insert(0, "description", text);
        }
    }
}

using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api.Reading;
using Cpt.Api.Rules;

namespace Cpt.Api.Schema.Reference;

/// <summary>A table for each object of the API, each under its path; a field that is an object leads to its table.</summary>
/// <param name="page">Grows.</param>
/// <param name="sample">Where examples come from.</param>
/// <param name="kind">Before the path in headings; empty for a run, whose page it is.</param>
internal sealed class FieldTables(StringBuilder page, ReferenceSample sample, string kind = "")
{
    private const string Parameters = "spec.stages[].parameters";

    private readonly Documentation _documentation = Documentation.Load();
    private readonly SchemaDefaults _defaults = new();
    private readonly ReferenceSample _sample = sample;

    public void Write(Type type, string path)
    {
        var fields = Field.Of(type);
        var status = path == "status" || path.StartsWith("status.", StringComparison.Ordinal);
        page.Append(CultureInfo.InvariantCulture, $"{(path.Contains('.', StringComparison.Ordinal) ? "###" : "##")} {kind}{path}\n\n{Escape(_documentation.Of(type))}\n\n");
        page.Append(status ? "| field | type | description | example |\n|---|---|---|---|\n" : "| field | type | default | bounds | description | example |\n|---|---|---|---|---|---|\n");
        foreach (var field in fields)
        {
            var inner = $"{path}.{field.Name}";
            var (rules, description) = (Bounds(field), Description(field, inner));
            page.Append(status
                ? $"| `{field.Name}` | {TypeOf(field.Type, inner)} | {description} | {_sample.Of(inner)} |\n"
                : $"| `{field.Name}` | {TypeOf(field.Type, inner)} | {(field.Required ? "required" : Default(inner))} | {rules} | {description} | {_sample.Of(inner)} |\n");
        }

        page.Append('\n');
        foreach (var (field, item) in fields.Select(field => (field, Field.ItemType(field.Type))))
        {
            var inner = $"{path}.{field.Name}{(item is null ? "" : "[]")}";
            if (inner == Parameters)
            {
                WriteParameters();
            }
            else if (Field.IsObject(item ?? field.Type) && inner != "spec.stages[].template" && field.Type != typeof(ContinualRunSpec) && !(kind.Length > 0 && item == typeof(Condition)))
            {
                Write(item ?? field.Type, inner);
            }
        }
    }

    private void WriteParameters()
    {
        page.Append(CultureInfo.InvariantCulture, $"### {Parameters}\n\n{Escape(_documentation.Of(typeof(StageParameters)))}\n\n| key | default | bounds | description | example |\n|---|---|---|---|---|\n");
        foreach (var (key, rule) in StageParameters.Rules)
        {
            var constant = typeof(StageParameters).GetFields().Single(field => field.IsLiteral && (string?)field.GetRawConstantValue() == key);
            var (sft, rft) = (_defaults.Parameter(Method.SFT, key), _defaults.Parameter(Method.RFT, key));
            var value = sft is null && rft is null ? "" : sft == rft ? $"`\"{sft}\"`" : $"`\"{sft}\"` (SFT), `\"{rft}\"` (RFT)";
            page.Append(CultureInfo.InvariantCulture, $"| `{key}` | {value} | {Escape(rule.Said())} | {Escape(_documentation.Of(constant))} | {_sample.Of($"{Parameters}.{key}")} |\n");
        }

        page.Append('\n');
    }

    private string Default(string path) => _defaults.Explained(path) is { } value ? $"`{Yaml(value)}`" : _defaults.Of(path) is JsonObject ? "`{}`" : s_dependent.Contains(path) ? "*depends*" : "";

    /// <summary>Left out, they follow from other fields; their descriptions say how.</summary>
    private static readonly HashSet<string> s_dependent = new(StringComparer.Ordinal)
    {
        "spec.retry.backoff.initialSeconds", "spec.retry.backoff.maxSeconds", "spec.evaluation.prompt", "spec.stages[].rft.kl.reference",
        "spec.stages[].rft.reward.accuracyWeight", "spec.stages[].rft.reward.formatWeight", "spec.template.image",
    };

    private static string Bounds(Field field) => string.Join("; ", (string[])
    [
        .. field.Rules.Select(rule => Escape(rule.Said())).Where(said => said.Length > 0),
        .. field.MapKey is { } key ? [$"`{key}` is unique"] : Array.Empty<string>(),
        .. field.Immutable ? ["*immutable*"] : Array.Empty<string>(),
    ]);

    private string Description(Field field, string path)
    {
        var said = Escape(_documentation.Of((MemberInfo)field.Property.AttributeProvider!));
        if (path == "spec.stages[].template")
        {
            return $"{said} [As there](#spectemplate), field by field, without defaults of its own.";
        }

        var type = field.Type;
        return !type.IsEnum
            ? said
            : $"{said} {string.Join(' ', Field.EnumNames(type).Select(entry => $"`{entry.Key}`{(_documentation.Of(type.GetField(entry.Value.ToString()!)!) is { } meaning ? $": {Escape(meaning)}" : ".")}"))}";
    }

    private string TypeOf(Type type, string path) => type switch
    {
        _ when type == typeof(ContinualRunSpec) => "[object](#spec)",
        _ when Field.ItemType(type) == typeof(Condition) => "list of [objects](#statusconditions)",
        _ when Field.ItemType(type) is { } number && (number == typeof(long) || number == typeof(int)) => "list of integers",
        _ when path == Parameters => $"[map of text](#{Anchor(path)})",
        _ when path.StartsWith("status.matrix.rows[].", StringComparison.Ordinal) => "text",
        _ when type == typeof(string) || type.IsEnum => "text",
        _ when type == typeof(bool) => "boolean",
        _ when type == typeof(int) || type == typeof(long) => "integer",
        _ when type == typeof(DateTimeOffset) => "time",
        _ when type == typeof(JsonObject) => "object, free",
        _ when Field.ItemType(type) is { } item => Field.IsObject(item) ? $"list of [objects](#{Anchor(path)})" : "list of text",
        _ when Field.ValueType(type) is not null => "map of text",
        _ when path == "spec.stages[].template" => "object",
        _ => $"[object](#{Anchor(path)})",
    };

    /// <summary>As GitHub makes it of a heading: letters and digits stay.</summary>
    private string Anchor(string path) => new([.. (kind.TrimEnd().Length == 0 ? path : $"{kind.TrimEnd()}-{path}").Where(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-').Select(char.ToLowerInvariant)]);

    /// <summary>As it would stand in a manifest on one line.</summary>
    internal static string Yaml(JsonNode value) => value switch
    {
        JsonObject map => $"{{{string.Join(", ", map.Select(pair => $"{pair.Key}: {Yaml(pair.Value!)}"))}}}",
        JsonArray list => $"[{string.Join(", ", list.Select(item => Yaml(item!)))}]",
        _ when value.GetValueKind() == JsonValueKind.String => Text(value.GetValue<string>()),
        _ => value.ToJsonString(),
    };

    /// <summary>Quotes where YAML would read something else than a text.</summary>
    private static string Text(string text) =>
        text.Length == 0 || DecimalAttribute.TryParse(text, out _) || text is "true" or "false" or "null" || text[0] is '{' or '[' or '"' or '*' or '&' or '-' ? $"\"{text}\"" : text;

    private static string Escape(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}

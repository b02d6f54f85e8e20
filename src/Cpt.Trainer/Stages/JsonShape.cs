using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Cpt.Trainer.Stages;

/// <summary>
/// Compares a JSON document with the type it is to become and names every difference by path, where the serializer would
/// stop at the first and speak of .NET members.
/// </summary>
internal static class JsonShape
{
    public static IReadOnlyList<string> Check(JsonElement root, JsonTypeInfo type)
    {
        var findings = new List<string>();
        Walk(root, type, "", findings);
        return findings;
    }

    private static void Walk(JsonElement element, JsonTypeInfo type, string path, List<string> findings)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                WalkObject(element, type, path, findings);
                break;
            case JsonTypeInfoKind.Enumerable:
                WalkList(element, type, path, findings);
                break;
            default:
                CheckScalar(element, type, path, findings);
                break;
        }
    }

    private static void WalkObject(JsonElement element, JsonTypeInfo type, string path, List<string> findings)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            findings.Add($"{Named(path)}: {Shown(element)} stands where an object is due");
            return;
        }

        foreach (var member in element.EnumerateObject())
        {
            var property = type.Properties.FirstOrDefault(candidate => candidate.Name == member.Name);
            if (property is null)
            {
                var nearest = type.Properties.Select(candidate => candidate.Name).MinBy(name => Distance(name, member.Name));
                findings.Add($"{Join(path, member.Name)}: unknown field" + (nearest is null ? "" : $"; the nearest known one is {nearest}"));
            }
            else if (member.Value.ValueKind != JsonValueKind.Null)
            {
                Walk(member.Value, type.Options.GetTypeInfo(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType), Join(path, member.Name), findings);
            }
            else if (property.IsRequired)
            {
                findings.Add($"{Join(path, member.Name)}: is null, but required");
            }
        }

        findings.AddRange(type.Properties
            .Where(property => property.IsRequired && !element.TryGetProperty(property.Name, out _))
            .Select(property => $"{Join(path, property.Name)}: missing"));
    }

    private static void WalkList(JsonElement element, JsonTypeInfo type, string path, List<string> findings)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            findings.Add($"{Named(path)}: {Shown(element)} stands where a list is due");
            return;
        }

        var index = 0;
        foreach (var item in element.EnumerateArray())
        {
            Walk(item, type.Options.GetTypeInfo(type.ElementType!), $"{path}[{index++}]", findings);
        }
    }

    private static void CheckScalar(JsonElement element, JsonTypeInfo type, string path, List<string> findings)
    {
        var problem = type.Type switch
        {
            { IsEnum: true } kind => element.ValueKind == JsonValueKind.String && Enum.GetNames(kind).Contains(element.GetString(), StringComparer.Ordinal)
                ? null
                : "give one of " + string.Join(", ", Enum.GetNames(kind)),
            var kind when kind == typeof(string) => element.ValueKind == JsonValueKind.String ? null : "give a string",
            var kind when kind == typeof(bool) => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "give true or false",
            var kind when kind == typeof(int) => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out _) ? null : "give a whole number",
            var kind when kind == typeof(long) => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out _) ? null : "give a whole number",
            var kind when kind == typeof(double) => element.ValueKind == JsonValueKind.Number && double.IsFinite(element.GetDouble()) ? null : "give a number",
            _ => null,
        };
        if (problem is not null)
        {
            findings.Add($"{Named(path)}: {Shown(element)} is wrong; {problem}");
        }
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Named(string path) => path.Length == 0 ? "the document" : path;

    private static string Shown(JsonElement element)
    {
        var text = element.GetRawText();
        return text.Length <= 60 ? text : text[..60] + "…";
    }

    /// <summary>Levenshtein distance, case ignored.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var substituted = diagonal + (char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}

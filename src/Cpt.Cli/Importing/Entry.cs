using System.Collections;
using System.Globalization;
using System.Text.Json;
using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>One entry of a published file, whatever its format, with its place for messages.</summary>
/// <param name="where">For example <c>/data/TextVQA_0.5.1_val.json: data[12]</c>.</param>
/// <param name="values">Texts, numbers, truth values, bytes, lists and maps; null for JSON's null.</param>
internal sealed class Entry(string where, IDictionary<string, object?> values)
{
    public string Where => where;

    /// <exception cref="TaskDataException">Missing, empty, or neither text nor number.</exception>
    public string Text(string name) => OptionalText(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text : throw Wrong(name, "missing; expected a text");

    /// <summary>Null where it is missing.</summary>
    public string? OptionalText(string name) => Value(name) switch
    {
        null => null,
        string text => text,
        bool or IDictionary or IEnumerable => throw Wrong(name, "must be a text"),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw Wrong(name, "must be a text"),
    };

    public int Whole(string name) => int.TryParse(OptionalText(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw Wrong(name, Value(name) is null ? "missing; expected a whole number" : "must be a whole number");

    public IReadOnlyList<string> Texts(string name) => [.. Items(name).Select((item, place) => item switch
    {
        string text => text,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw Wrong(Place(name, place), "must be a text"),
    })];

    public IReadOnlyList<Entry> Entries(string name) => [.. Items(name).Select((item, place) => item is IDictionary<string, object?> map
        ? new Entry($"{where}: {Place(name, place)}", map)
        : throw Wrong(Place(name, place), "must be an object"))];

    /// <summary>A picture as Hugging Face's data sets have it: <c>{bytes, path}</c>. Null where there is none.</summary>
    public byte[]? Picture(string name) => Value(name) switch
    {
        null => null,
        byte[] bytes => bytes,
        IDictionary<string, object?> map => map.TryGetValue("bytes", out var bytes) ? bytes as byte[] : throw Wrong($"{name}.bytes", "missing; expected the bytes of a picture"),
        _ => throw Wrong(name, "must be a picture: {bytes, path}"),
    };

    public bool Has(string name) => Value(name) is not null;

    public TaskDataException Wrong(string name, string problem) => new($"{where}: {name}: {problem}" + (values.ContainsKey(name) ? "" : $"; fields here are {string.Join(", ", values.Keys.Take(12))}"));

    public static Entry Of(string where, JsonElement element) => element.ValueKind == JsonValueKind.Object
        ? new Entry(where, (IDictionary<string, object?>)Plain(element)!)
        : throw new TaskDataException($"{where}: must be an object");

    private static string Place(string name, int place) => string.Create(CultureInfo.InvariantCulture, $"{name}[{place}]");

    private object? Value(string name) => values.TryGetValue(name, out var value) ? value : null;

    private IEnumerable<object?> Items(string name) => Value(name) switch
    {
        null => throw Wrong(name, "missing; expected a list"),
        string or byte[] => throw Wrong(name, "must be a list"),
        IEnumerable items => items.Cast<object?>(),
        _ => throw Wrong(name, "must be a list"),
    };

    private static object? Plain(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? whole : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Array => element.EnumerateArray().Select(Plain).ToList(),
        JsonValueKind.Object => Map(element),
        _ => null,
    };

    private static Dictionary<string, object?> Map(JsonElement element)
    {
        var map = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
            map[property.Name] = Plain(property.Value);
        return map;
    }
}

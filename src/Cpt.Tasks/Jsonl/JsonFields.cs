using System.Text.Json;

namespace Cpt.Tasks;

/// <summary>Reads the fields of one JSON object and says what is wrong with them, in the words of the person who wrote the file.</summary>
internal sealed class JsonFields
{
    private readonly JsonElement _object;
    private readonly List<string> _problems;
    private readonly string _prefix;

    public JsonFields(JsonElement element, List<string> problems, string prefix, IReadOnlyList<string> known)
    {
        _object = element;
        _problems = problems;
        _prefix = prefix;
        foreach (var property in element.EnumerateObject())
        {
            if (!known.Contains(property.Name, StringComparer.Ordinal))
                problems.Add($"{prefix}{property.Name}: unknown field; known are {string.Join(", ", known)}");
        }
    }

    public void Wrong(string name, string problem) => _problems.Add($"{_prefix}{name}: {problem}");

    /// <summary>Null when absent or JSON null; a wrong kind is reported and also null.</summary>
    public string? Text(string name)
    {
        if (Get(name) is not { } value)
            return null;

        if (value.ValueKind != JsonValueKind.String)
        {
            Wrong(name, $"must be a string, found {Shown(value)}" + (value.ValueKind == JsonValueKind.Number ? $"; write \"{value.GetRawText()}\"" : ""));
            return null;
        }

        return value.GetString();
    }

    public string? RequiredText(string name)
    {
        if (Get(name) is null)
        {
            Wrong(name, "missing");
            return null;
        }

        var text = Text(name);
        if (text is not null && string.IsNullOrWhiteSpace(text))
        {
            Wrong(name, "must not be empty");
            return null;
        }

        return text;
    }

    public bool Flag(string name)
    {
        if (Get(name) is not { } value)
            return false;

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();

        Wrong(name, $"must be true or false, found {Shown(value)}");
        return false;
    }

    /// <summary>Empty when absent.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        var texts = new List<string>();
        foreach (var (index, item) in Items(name))
        {
            if (item.ValueKind != JsonValueKind.String)
                Wrong($"{name}[{index}]", $"must be a string, found {Shown(item)}");
            else
                texts.Add(item.GetString()!);
        }

        return texts;
    }

    public IEnumerable<(int Index, JsonElement Item)> Items(string name)
    {
        if (Get(name) is not { } value)
            return [];

        if (value.ValueKind == JsonValueKind.Array)
            return value.EnumerateArray().Select((item, index) => (index, item));

        Wrong(name, $"must be a list, found {Shown(value)}");
        return [];
    }

    /// <summary>Whatever stands there, as JSON; null when absent.</summary>
    public string? Raw(string name) => Get(name)?.GetRawText();

    public bool Has(string name) => Get(name) is not null;

    public static string Shown(JsonElement value)
    {
        var raw = value.GetRawText();
        return raw.Length <= 40 ? raw : string.Concat(raw.AsSpan(0, 40), "…");
    }

    private JsonElement? Get(string name) =>
        _object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}

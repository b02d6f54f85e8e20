using System.Text.Json;

namespace Cpt.Models;

/// <summary>The fields of one JSON object of config.json, each checked as it is read.</summary>
/// <param name="file">For messages.</param>
/// <param name="path">Where the object stands in the file: empty, or <c>text_config.</c> and the like.</param>
/// <param name="json">The object.</param>
internal sealed class ModelConfigFields(string file, string path, JsonElement json)
{
    public bool Present(string name, out JsonElement value) => json.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>An object within this one; null where it is absent.</summary>
    public ModelConfigFields? Object(string name, string right)
    {
        if (!Present(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object ? new ModelConfigFields(file, $"{path}{name}.", value) : throw Wrong(name, value.GetRawText() + " is no object", right);
    }

    public string? Text(string name)
    {
        if (!Present(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, value.GetRawText() + " is no string", "a string");
    }

    public bool Flag(string name)
    {
        if (!Present(name, out var value))
        {
            return false;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, value.GetRawText() + " is no boolean", "true or false");
    }

    public int Size(string name, int? otherwise = null)
    {
        if (!Present(name, out var value))
        {
            return otherwise ?? throw Wrong(name, "is missing", "a positive integer");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0
            ? number
            : throw Wrong(name, value.GetRawText() + " is wrong", "a positive integer");
    }

    public double Positive(string name, double otherwise)
    {
        if (!Present(name, out var value))
        {
            return otherwise;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number > 0 && double.IsFinite(number)
            ? number
            : throw Wrong(name, value.GetRawText() + " is wrong", "a positive number");
    }

    /// <summary>A whole number or a list of them; null where the field is absent.</summary>
    public List<int>? Numbers(string name, string right = "a token id or a list of them")
    {
        if (!Present(name, out var value))
        {
            return null;
        }

        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToList() : [value];
        return items.TrueForAll(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _))
            ? items.ConvertAll(item => item.GetInt32())
            : throw Wrong(name, value.GetRawText() + " is wrong", right);
    }

    public ModelFormatException Wrong(string name, string problem, string right) => new(file, $"{path}{name}: {problem}; expected {right}");
}

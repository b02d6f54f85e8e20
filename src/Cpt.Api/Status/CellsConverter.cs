using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Api;

/// <summary>
/// Cells of a row as one text: <c>54.17 - 100.00</c>. As a list each of some 4,000 cells would be a line of <c>kubectl get -o yaml</c>. Lists are read as well: the status
/// files of earlier versions have them.
/// </summary>
public sealed class CellsConverter : JsonConverter<IReadOnlyList<string>>
{
    private const string NotScored = "-";

    public override IReadOnlyList<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return [.. reader.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(cell => cell == NotScored ? "" : cell)];
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException($"a row of scores is a text, not {reader.TokenType}");
        }

        var cells = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            cells.Add(reader.GetString() ?? "");
        }

        return cells;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string> value, JsonSerializerOptions options) =>
        writer.WriteStringValue(string.Join(' ', value.Select(cell => cell.Length == 0 ? NotScored : cell)));
}

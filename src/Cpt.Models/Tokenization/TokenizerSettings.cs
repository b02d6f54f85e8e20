using System.Text.Json;

namespace Cpt.Models;

/// <summary>Which tokens end a sequence and fill a batch, from the files beside tokenizer.json.</summary>
internal sealed record TokenizerSettings(string? EosToken, string? PadToken, int? EosTokenId, int? PadTokenId)
{
    public static TokenizerSettings Read(string directory)
    {
        var tokenizer = Json(Path.Combine(directory, "tokenizer_config.json"));
        var special = Json(Path.Combine(directory, "special_tokens_map.json"));
        var config = Json(Path.Combine(directory, ModelConfig.FileName));
        return new TokenizerSettings(
            Token(tokenizer, "eos_token") ?? Token(special, "eos_token"),
            Token(tokenizer, "pad_token") ?? Token(special, "pad_token"),
            Id(config, "eos_token_id"),
            Id(config, "pad_token_id"));
    }

    private static JsonElement? Json(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ModelFormatException(file, $"is a JSON {document.RootElement.ValueKind}; expected an object");
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(file, $"is not JSON ({exception.Message})", exception);
        }
    }

    /// <summary>A token stands there as a string, or as an object with <c>content</c>.</summary>
    private static string? Token(JsonElement? json, string name)
    {
        if (json is not { } root || !root.TryGetProperty(name, out var value))
        {
            return null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Object when value.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String => content.GetString(),
            _ => null,
        };
    }

    private static int? Id(JsonElement? json, string name)
    {
        if (json is not { } root || !root.TryGetProperty(name, out var value))
        {
            return null;
        }

        var first = value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 ? value[0] : value;
        return first.ValueKind == JsonValueKind.Number && first.TryGetInt32(out var id) ? id : null;
    }
}

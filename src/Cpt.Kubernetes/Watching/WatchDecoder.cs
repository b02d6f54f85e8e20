using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Cpt.Kubernetes;

/// <summary>
/// One line of a watch to one event. The server writes <c>{"type":"ADDED","object":{…}}</c>, always in this form, so the object's bytes are cut out and parsed once,
/// straight into its type; a line in any other form is looked through first.
/// </summary>
internal static class WatchDecoder
{
    private static ReadOnlySpan<byte> Head => "{\"type\":\""u8;

    private static ReadOnlySpan<byte> Middle => "\",\"object\":"u8;

    /// <exception cref="KubernetesException">The server ends the watch with an error.</exception>
    /// <exception cref="JsonException">The line is no event.</exception>
    public static WatchEvent<T> Decode<T>(ReadOnlySpan<byte> line, JsonTypeInfo<T> type, string call)
    {
        if (!TryCut(line, out var kind, out var body))
        {
            Search(line, out kind, out body);
        }

        if (kind.SequenceEqual("ERROR"u8))
        {
            throw Refusals.Of(call, JsonSerializer.Deserialize(body, KubernetesJson.Default.Status) ?? new());
        }

        return new(TypeOf(kind), JsonSerializer.Deserialize(body, type)!);
    }

    private static bool TryCut(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> kind, out ReadOnlySpan<byte> body)
    {
        kind = body = default;
        if (!line.StartsWith(Head) || line[^1] != (byte)'}')
        {
            return false;
        }

        var rest = line[Head.Length..];
        var end = rest.IndexOf((byte)'"');
        if (end < 0 || !rest[end..].StartsWith(Middle))
        {
            return false;
        }

        kind = rest[..end];
        body = rest[(end + Middle.Length)..^1];
        return true;
    }

    private static void Search(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> kind, out ReadOnlySpan<byte> body)
    {
        kind = body = default;
        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isType, isObject) = (reader.ValueTextEquals("type"u8), reader.ValueTextEquals("object"u8));
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isType)
            {
                kind = reader.ValueSpan;
            }
            else if (isObject)
            {
                body = line[start..(int)reader.BytesConsumed];
            }
        }

        if (kind.IsEmpty || body.IsEmpty)
        {
            throw new JsonException("a line of the watch has no type, or no object");
        }
    }

    private static WatchEventType TypeOf(ReadOnlySpan<byte> kind)
    {
        if (kind.SequenceEqual("MODIFIED"u8))
        {
            return WatchEventType.Modified;
        }

        if (kind.SequenceEqual("ADDED"u8))
        {
            return WatchEventType.Added;
        }

        if (kind.SequenceEqual("DELETED"u8))
        {
            return WatchEventType.Deleted;
        }

        return kind.SequenceEqual("BOOKMARK"u8) ? WatchEventType.Bookmark : throw new JsonException($"a watch event of type \"{System.Text.Encoding.UTF8.GetString(kind)}\" is not known");
    }
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Cpt.Kubernetes;

/// <summary>
/// Reads a list item by item while it arrives: besides the items, memory holds one piece of the answer, not the whole of it, which for ten thousand objects would be
/// tens of megabytes in one array.
/// </summary>
/// <param name="type">The JSON form of the items.</param>
/// <param name="window">How many bytes are gathered before they are looked at.</param>
internal sealed class ListReader<T>(JsonTypeInfo<T> type, int window = 16 << 10)
    where T : IKubernetesObject
{
    private readonly List<T> _items = [];
    private ListMeta _metadata = new();
    private Place _place;
    private JsonReaderState _state;

    private enum Place
    {
        Start,
        Members,
        Items,
        End,
    }

    /// <exception cref="IOException">The answer ends in the middle of the list.</exception>
    /// <exception cref="JsonException">It is no list.</exception>
    public async ValueTask<ResourceList<T>> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        using var buffer = new PooledBuffer(64 << 10);
        while (_place != Place.End)
        {
            // Each round must see more than the last one: an object of a megabyte, scanned anew after every packet, would be scanned hundreds of times.
            var wanted = Math.Max(window, buffer.Length * 2);
            var ended = false;
            while (buffer.Length < wanted && !ended)
            {
                ended = await buffer.FillAsync(stream, cancellation) == 0;
            }

            buffer.Consume(Parse(buffer.Span));
            if (ended && _place != Place.End)
            {
                throw new IOException("the answer ended in the middle of the list");
            }
        }

        return new()
        {
            Items = _items,
            ResourceVersion = _metadata.ResourceVersion ?? "",
            Continue = _metadata.Continue is { Length: > 0 } token ? token : null,
            RemainingItemCount = _metadata.RemainingItemCount,
        };
    }

    /// <summary>Takes up every member and item that is there in full.</summary>
    /// <returns>How many bytes it took.</returns>
    private int Parse(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data, isFinalBlock: false, _state);
        while (true)
        {
            var (state, consumed, before) = (reader.CurrentState, (int)reader.BytesConsumed, _place);
            if (_place == Place.End || !TakeOne(ref reader, data))
            {
                (_state, _place) = (state, before);
                return consumed;
            }
        }
    }

    /// <returns>False when it is not there in full; what the reader has moved over is then read again.</returns>
    private bool TakeOne(ref Utf8JsonReader reader, ReadOnlySpan<byte> data)
    {
        if (!reader.Read())
        {
            return false;
        }

        switch (_place)
        {
            case Place.Start:
                _place = reader.TokenType == JsonTokenType.StartObject ? Place.Members : throw new JsonException("the answer is no list");
                return true;
            case Place.Members when reader.TokenType == JsonTokenType.EndObject:
                _place = Place.End;
                return true;
            case Place.Members when reader.ValueTextEquals("items"u8):
                if (!reader.Read())
                {
                    return false;
                }

                // A server may write null for a list of none.
                _place = reader.TokenType == JsonTokenType.StartArray ? Place.Items : Place.Members;
                return true;
            case Place.Members when reader.ValueTextEquals("metadata"u8):
                if (!reader.Read() || !TakeValue(ref reader, data, out var metadata))
                {
                    return false;
                }

                _metadata = JsonSerializer.Deserialize(metadata, WireJson.Default.ListMeta) ?? new();
                return true;
            case Place.Members:
                return reader.Read() && reader.TrySkip();
            case Place.Items when reader.TokenType == JsonTokenType.EndArray:
                _place = Place.Members;
                return true;
            default:
                if (!TakeValue(ref reader, data, out var item))
                {
                    return false;
                }

                _items.Add(JsonSerializer.Deserialize(item, type)!);
                return true;
        }
    }

    private static bool TakeValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, out ReadOnlySpan<byte> value)
    {
        var start = (int)reader.TokenStartIndex;
        var there = reader.TrySkip();
        value = there ? data[start..(int)reader.BytesConsumed] : default;
        return there;
    }
}

/// <summary>Metadata of a list.</summary>
internal sealed record ListMeta
{
    public string? ResourceVersion { get; set; }

    public string? Continue { get; set; }

    public long? RemainingItemCount { get; set; }
}

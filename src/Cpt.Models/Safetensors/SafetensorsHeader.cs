using System.Globalization;
using System.Text.Json;

namespace Cpt.Models;

/// <summary>
/// Reads and checks a safetensors header: 8 bytes little-endian length, that many bytes of JSON, then the data.
/// As strict as the reference reader: offsets must cover the data without a gap or an overlap, since a file that
/// breaks this was cut or tampered with.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>The reference reader's own bound, against a length read from garbage.</summary>
    private const long MaxHeaderBytes = 100_000_000;

    public static (List<SafetensorsTensor> Tensors, Dictionary<string, string> Metadata) Read(string file, ReadOnlySpan<byte> json, long dataBytes)
    {
        JsonDocument document;
        try
        {
            var reader = new Utf8JsonReader(json);
            document = JsonDocument.ParseValue(ref reader);
            RefuseTail(file, json[(int)reader.BytesConsumed..]);
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(file, $"the header is not JSON ({exception.Message}); expected a safetensors header of {json.Length} bytes", exception);
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(file, $"the header is a JSON {document.RootElement.ValueKind}; expected an object that maps tensor names to their place");
            }

            var tensors = new List<SafetensorsTensor>();
            var names = new HashSet<string>(StringComparer.Ordinal);
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                if (!names.Add(entry.Name))
                {
                    throw new ModelFormatException(file, $"tensor '{entry.Name}' stands twice in the header; expected each name once");
                }

                if (entry.Name == "__metadata__")
                {
                    ReadMetadata(file, entry.Value, metadata);
                }
                else
                {
                    tensors.Add(ReadTensor(file, entry.Name, entry.Value));
                }
            }

            tensors.Sort((a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.Length.CompareTo(b.Length));
            CheckCoverage(file, tensors, dataBytes);
            return (tensors, metadata);
        }
    }

    public static long CheckLength(string file, ulong headerBytes, long fileBytes)
    {
        if (headerBytes > MaxHeaderBytes)
        {
            throw new ModelFormatException(file, $"the header claims {headerBytes} bytes; expected at most {MaxHeaderBytes}: this is not a safetensors file");
        }

        var dataStart = 8 + (long)headerBytes;
        if (headerBytes < 2 || dataStart > fileBytes)
        {
            throw new ModelFormatException(file, $"the header claims {headerBytes} bytes, the file has {fileBytes}; expected at least {Math.Max(dataStart, 10)}: the file is cut off or not a safetensors file");
        }

        return dataStart;
    }

    private static void RefuseTail(string file, ReadOnlySpan<byte> tail)
    {
        // Writers pad the header with spaces, so that the data starts at a multiple of 8.
        if (tail.IndexOfAnyExcept((byte)' ') >= 0)
        {
            throw new ModelFormatException(file, "the header goes on after its JSON object; expected only spaces");
        }
    }

    private static void ReadMetadata(string file, JsonElement value, Dictionary<string, string> metadata)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException(file, $"__metadata__ is a JSON {value.ValueKind}; expected an object of strings");
        }

        foreach (var entry in value.EnumerateObject())
        {
            metadata[entry.Name] = entry.Value.ValueKind == JsonValueKind.String
                ? entry.Value.GetString()!
                : throw new ModelFormatException(file, $"__metadata__.{entry.Name} is a JSON {entry.Value.ValueKind}; expected a string");
        }
    }

    private static SafetensorsTensor ReadTensor(string file, string name, JsonElement value)
    {
        ModelFormatException Wrong(string problem) => new(file, $"tensor '{name}': {problem}");

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong($"its entry is a JSON {value.ValueKind}; expected an object with dtype, shape and data_offsets");
        }

        if (!value.TryGetProperty("dtype", out var dtypeText) || dtypeText.ValueKind != JsonValueKind.String)
        {
            throw Wrong("dtype is missing or no string");
        }

        var known = Enum.TryParse<SafetensorsDType>(dtypeText.GetString(), out var dtype)
            && string.Equals(dtype.ToString(), dtypeText.GetString(), StringComparison.Ordinal);
        if (!known)
        {
            throw Wrong($"dtype '{dtypeText.GetString()}' is unknown; expected one of {SafetensorsDTypes.Known}");
        }

        var shape = ReadIntegers(value, "shape") ?? throw Wrong("shape is missing or no list of integers from 0");
        var offsets = ReadIntegers(value, "data_offsets") ?? throw Wrong("data_offsets is missing or no list of integers from 0");
        if (offsets.Count != 2 || offsets[1] < offsets[0])
        {
            throw Wrong($"data_offsets is [{string.Join(", ", offsets)}]; expected [begin, end] with begin <= end");
        }

        var bytes = (long)dtype.Size();
        try
        {
            foreach (var size in shape)
            {
                bytes = checked(bytes * size);
            }
        }
        catch (OverflowException exception)
        {
            throw new ModelFormatException(file, $"tensor '{name}': shape [{string.Join(", ", shape)}] has more bytes than a file can hold", exception);
        }

        var length = offsets[1] - offsets[0];
        return bytes == length
            ? new SafetensorsTensor(name, dtype, shape, offsets[0], length)
            : throw Wrong(string.Create(CultureInfo.InvariantCulture, $"data_offsets hold {length} bytes; expected {bytes} for {dtype}[{string.Join(", ", shape)}]"));
    }

    private static List<long>? ReadIntegers(JsonElement value, string property)
    {
        if (!value.TryGetProperty(property, out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var result = new List<long>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out var number) || number < 0)
            {
                return null;
            }

            result.Add(number);
        }

        return result;
    }

    private static void CheckCoverage(string file, List<SafetensorsTensor> tensors, long dataBytes)
    {
        var expected = 0L;
        foreach (var tensor in tensors)
        {
            if (tensor.Offset != expected)
            {
                throw new ModelFormatException(file, $"tensor '{tensor.Name}' starts at byte {tensor.Offset} of the data; expected {expected}: tensors must follow one another without gap or overlap");
            }

            expected += tensor.Length;
            if (expected > dataBytes)
            {
                throw new ModelFormatException(file, $"tensor '{tensor.Name}' ends at byte {expected} of the data, which has {dataBytes}: the file is cut off");
            }
        }

        if (expected != dataBytes)
        {
            throw new ModelFormatException(file, $"{dataBytes - expected} bytes follow the last tensor; expected the data to end at byte {expected}");
        }
    }
}

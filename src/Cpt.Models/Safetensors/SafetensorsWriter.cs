using System.Buffers.Binary;
using System.Text.Json;

namespace Cpt.Models;

/// <summary>
/// Writes safetensors files whose bytes depend on the tensors alone: widest dtype first, then by name (the reference
/// writer's order), metadata <c>format=pt</c>, header padded to 8 bytes. A checkpoint's digest rests on this.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>A tensor to be written; it is asked for its bytes once, when its turn comes, so that one tensor at a time is in memory.</summary>
    /// <param name="Name">Must be unique within the file.</param>
    /// <param name="DType">Element type.</param>
    /// <param name="Shape">Row-major.</param>
    /// <param name="WriteTo">Writes them row-major, little-endian, exactly as many as dtype and shape say.</param>
    public sealed record Entry(string Name, SafetensorsDType DType, IReadOnlyList<long> Shape, Action<Stream> WriteTo)
    {
        public long Length => Shape.Aggregate((long)DType.Size(), (product, size) => product * size);
    }

    /// <summary>Overwrites <paramref name="path"/>.</summary>
    public static void Write(string path, IEnumerable<Entry> entries)
    {
        var ordered = entries.OrderBy(entry => entry.DType).ThenBy(entry => entry.Name, StringComparer.Ordinal).ToList();
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
        stream.Write(Header(ordered));
        foreach (var entry in ordered)
        {
            var before = stream.Position;
            entry.WriteTo(stream);
            var written = stream.Position - before;
            if (written != entry.Length)
            {
                throw new ArgumentException($"tensor '{entry.Name}' came with {written} bytes; expected {entry.Length} for {entry.DType}[{string.Join(", ", entry.Shape)}]", nameof(entries));
            }
        }
    }

    private static byte[] Header(List<Entry> ordered)
    {
        using var json = new MemoryStream();
        json.Write(stackalloc byte[8]);
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            writer.WriteString("format", "pt");
            writer.WriteEndObject();
            var offset = 0L;
            foreach (var entry in ordered)
            {
                writer.WriteStartObject(entry.Name);
                writer.WriteString("dtype", entry.DType.ToString());
                writer.WriteStartArray("shape");
                foreach (var size in entry.Shape)
                {
                    writer.WriteNumberValue(size);
                }

                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                offset += entry.Length;
                writer.WriteNumberValue(offset);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        while (json.Length % 8 != 0)
        {
            json.WriteByte((byte)' ');
        }

        var header = json.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - 8);
        return header;
    }
}

using System.Buffers.Binary;

namespace Cpt.Tasks;

/// <summary>
/// Writes PNG files that are the same bytes on every machine and .NET version: the data is stored, not compressed, since the bytes that a compressor
/// chooses are no promise, and a task's digest covers them.
/// </summary>
public static class PngFile
{
    private const int MaximumBlock = 65535;

    private static readonly uint[] s_crc = [.. Enumerable.Range(0, 256).Select(value =>
    {
        var crc = (uint)value;
        for (var bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320u);
        return crc;
    })];

    public static byte[] Of(Picture picture)
    {
        var row = picture.Width * 3;
        var scanlines = new byte[picture.Height * (row + 1)];
        for (var y = 0; y < picture.Height; y++)
            picture.Pixels.AsSpan(y * row, row).CopyTo(scanlines.AsSpan((y * (row + 1)) + 1)); // Filter 0: none.

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, picture.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), picture.Height);
        (header[8], header[9]) = (8, 2); // 8 bits of red, green, blue.
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, Stored(scanlines));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Number(file, (uint)data.Length);
        file.Write(type);
        file.Write(data);
        var crc = 0xFFFFFFFFu;
        foreach (var value in (ReadOnlySpan<byte>)[.. type, .. data])
            crc = (crc >> 8) ^ s_crc[(byte)(crc ^ value)];
        Number(file, ~crc);
    }

    /// <summary>A zlib stream (RFC 1950) of stored blocks (RFC 1951).</summary>
    private static byte[] Stored(ReadOnlySpan<byte> data)
    {
        using var stream = new MemoryStream();
        stream.Write([0x78, 0x01]);
        uint a = 1, b = 0;
        foreach (var value in data)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }

        do
        {
            var block = data[..Math.Min(data.Length, MaximumBlock)];
            data = data[block.Length..];
            var length = (ushort)block.Length;
            stream.Write([(byte)(data.IsEmpty ? 1 : 0), (byte)length, (byte)(length >> 8), (byte)~length, (byte)(~length >> 8)]);
            stream.Write(block);
        }
        while (!data.IsEmpty);

        Number(stream, (b << 16) | a);
        return stream.ToArray();
    }

    private static void Number(MemoryStream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        stream.Write(bytes);
    }
}

using System.Buffers.Binary;
using System.IO.Compression;

namespace Cpt.Models.Tests;

/// <summary>Picture files of every kind, made byte by byte.</summary>
internal static class Pictures
{
    /// <param name="colourType">0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha.</param>
    /// <param name="rows">Samples of each row, as bytes.</param>
    public static byte[] Png(int width, int height, int colourType, int bits, Func<int, byte[]> rows, params (string Type, byte[] Data)[] extra)
    {
        using var data = new MemoryStream();
        using (var deflate = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var y = 0; y < height; y++)
            {
                deflate.WriteByte(0);
                deflate.Write(rows(y));
            }
        }

        return OfChunks((uint)width, (uint)height, colourType, bits, [.. extra, ("IDAT", data.ToArray())]);
    }

    public static byte[] OfChunks(uint width, uint height, int colourType, int bits, params (string Type, byte[] Data)[] chunks)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(header, width);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)bits, (byte)colourType);
        foreach (var (type, data) in ((string, byte[])[])[("IHDR", header), .. chunks, ("IEND", [])])
        {
            var name = System.Text.Encoding.ASCII.GetBytes(type);
            Number((uint)data.Length);
            file.Write(name);
            file.Write(data);
            Number(Crc([.. name, .. data]));
        }

        return file.ToArray();

        void Number(uint value)
        {
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
            file.Write(bytes);
        }
    }

    /// <summary>Colour (x, y) of a small test picture.</summary>
    public static byte[] Colour(int x, int y) => [(byte)(40 * x), (byte)(60 * y), (byte)((30 * x) + (20 * y))];

    public static byte[] ColourPng(int width, int height, params (string Type, byte[] Data)[] extra) =>
        Png(width, height, 2, 8, y => [.. Enumerable.Range(0, width).SelectMany(x => Colour(x, y))], extra);

    /// <summary>An EXIF block with nothing but an orientation.</summary>
    public static byte[] Exif(int orientation, bool little) => little
        ? [(byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0, 0, 0, 0, 0]
        : [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];

    /// <summary>The golden photograph with an EXIF block behind its first marker.</summary>
    public static byte[] TurnedPhoto(int orientation)
    {
        var photo = Photo();
        byte[] block = [.. "Exif\0\0"u8, .. Exif(orientation, little: true)];
        return [.. photo[..2], 0xFF, 0xE1, (byte)((block.Length + 2) >> 8), (byte)(block.Length + 2), .. block, .. photo[2..]];
    }

    public static byte[] Photo() => File.ReadAllBytes(Golden.Path("qwen2_5_vl", "photo.jpg"));

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320u);
            }
        }

        return ~crc;
    }
}

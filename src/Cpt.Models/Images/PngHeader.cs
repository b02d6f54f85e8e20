using System.Buffers.Binary;

namespace Cpt.Models;

/// <summary>Sizes of a PNG (W3C, Portable Network Graphics): chunks of length, type, data and check sum after a signature.</summary>
internal static class PngHeader
{
    private const int ChunkFrame = 12;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static bool IsPng(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    public static PictureHeader Read(ReadOnlySpan<byte> file)
    {
        var rest = file[Signature.Length..];
        if (rest.Length < ChunkFrame + 13 || !rest[4..8].SequenceEqual("IHDR"u8))
        {
            throw new PictureException($"is a PNG of {file.Length} bytes without a header (IHDR): it is cut off or damaged");
        }

        var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(rest[8..]), BinaryPrimitives.ReadUInt32BigEndian(rest[12..]));
        PictureLimits.CheckPixels(width, height);
        return new PictureHeader(PictureFormat.Png, (int)width, (int)height, Orientation(rest, file.Length));
    }

    /// <summary>Walks all chunks: the orientation may stand behind the pixels, and a file without its last chunk was cut off.</summary>
    private static int Orientation(ReadOnlySpan<byte> chunks, int bytes)
    {
        var orientation = 1;
        while (chunks.Length >= ChunkFrame && BinaryPrimitives.ReadUInt32BigEndian(chunks) is var length && length <= chunks.Length - ChunkFrame)
        {
            if (chunks[4..8].SequenceEqual("IEND"u8))
            {
                return orientation;
            }

            if (chunks[4..8].SequenceEqual("eXIf"u8))
            {
                orientation = ExifOrientation.Of(chunks.Slice(8, (int)length));
            }

            chunks = chunks[((int)length + ChunkFrame)..];
        }

        throw new PictureException($"is a PNG of {bytes} bytes that ends before its last part (IEND): it is cut off or damaged");
    }
}

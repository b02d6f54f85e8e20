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
        return new PictureHeader(PictureFormat.Png, (int)width, (int)height, Orientation(rest));
    }

    private static int Orientation(ReadOnlySpan<byte> chunks)
    {
        while (chunks.Length >= ChunkFrame)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunks);
            if (length > chunks.Length - ChunkFrame)
            {
                break;
            }

            if (chunks[4..8].SequenceEqual("eXIf"u8))
            {
                return ExifOrientation.Of(chunks.Slice(8, (int)length));
            }

            chunks = chunks[((int)length + ChunkFrame)..];
        }

        return 1;
    }
}

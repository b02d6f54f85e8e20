using System.Buffers.Binary;

namespace Cpt.Models;

/// <summary>Sizes of a JPEG (ITU T.81): segments of marker and length until the frame header.</summary>
internal static class JpegHeader
{
    private static ReadOnlySpan<byte> EndOfImage => [0xFF, 0xD9];

    public static bool IsJpeg(ReadOnlySpan<byte> file) => file.StartsWith<byte>([0xFF, 0xD8, 0xFF]);

    public static PictureHeader Read(ReadOnlySpan<byte> file)
    {
        var orientation = 1;
        for (var at = 2; at + 4 <= file.Length;)
        {
            if (file[at] != 0xFF)
            {
                throw new PictureException($"is a damaged JPEG: byte {at} is 0x{file[at]:X2}; expected a marker (0xFF)");
            }

            var marker = file[at + 1];
            if (marker == 0xFF)
            {
                at++; // Fill bytes may stand before a marker.
                continue;
            }

            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                at += 2;
                continue;
            }

            if (marker is 0xD9 or 0xDA)
            {
                break;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (length < 2 || at + 2 + length > file.Length)
            {
                break;
            }

            var segment = file.Slice(at + 4, length - 2);
            if (marker == 0xE1 && segment.StartsWith("Exif\0\0"u8))
            {
                orientation = ExifOrientation.Of(segment[6..]);
            }

            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                return file[(at + 2 + length)..].IndexOf(EndOfImage) >= 0
                    ? Frame(segment, orientation)
                    : throw new PictureException($"is a JPEG of {file.Length} bytes without an end (0xFFD9): it is cut off");
            }

            at += 2 + length;
        }

        throw new PictureException($"is a JPEG of {file.Length} bytes without a frame header: it is cut off or damaged");
    }

    private static PictureHeader Frame(ReadOnlySpan<byte> segment, int orientation)
    {
        if (segment.Length < 6)
        {
            throw new PictureException("is a JPEG whose frame header is cut off");
        }

        var (height, width, components) = (BinaryPrimitives.ReadUInt16BigEndian(segment[1..]), BinaryPrimitives.ReadUInt16BigEndian(segment[3..]), segment[5]);
        return components switch
        {
            1 or 3 => new PictureHeader(PictureFormat.Jpeg, width, height, orientation),
            4 => throw new PictureException("is a JPEG in CMYK, whose colours hang on the printer; expected grey or RGB: convert it first"),
            _ => throw new PictureException($"is a JPEG of {components} components; expected 1 (grey) or 3 (colour)"),
        };
    }
}

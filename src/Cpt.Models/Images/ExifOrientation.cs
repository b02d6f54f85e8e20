using System.Buffers.Binary;

namespace Cpt.Models;

/// <summary>How a camera was held: tag 0x0112 of the first directory of an EXIF block (CIPA DC-008; a TIFF within).</summary>
internal static class ExifOrientation
{
    private const ushort Tag = 0x0112;

    /// <returns>1 to 8; 1 where the block says nothing, or nothing that makes sense.</returns>
    public static int Of(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8)
        {
            return 1;
        }

        var little = tiff[0] == 'I';
        var directory = Number32(tiff[4..], little);
        if ((!little && tiff[0] != 'M') || directory > tiff.Length - 2)
        {
            return 1;
        }

        var entries = tiff[((int)directory + 2)..];
        for (var left = Number16(tiff[(int)directory..], little); left > 0 && entries.Length >= 12; left--, entries = entries[12..])
        {
            if (Number16(entries, little) == Tag)
            {
                var value = Number16(entries[8..], little);
                return value is >= 1 and <= 8 ? value : 1;
            }
        }

        return 1;
    }

    private static ushort Number16(ReadOnlySpan<byte> at, bool little) => little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    private static uint Number32(ReadOnlySpan<byte> at, bool little) => little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
}

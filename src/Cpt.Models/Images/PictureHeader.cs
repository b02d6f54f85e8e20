namespace Cpt.Models;

public enum PictureFormat
{
    Png,
    Jpeg,
}

/// <summary>What a picture's first bytes say. Read without any library, so that prompts can be measured before a picture is decoded.</summary>
/// <param name="Format">Of the file.</param>
/// <param name="StoredWidth">Pixels of a row in the file.</param>
/// <param name="StoredHeight">Rows in the file.</param>
/// <param name="Orientation">EXIF: 1 as stored, 3 upside down, 6 and 8 turned to a side, the others mirrored.</param>
public sealed record PictureHeader(PictureFormat Format, int StoredWidth, int StoredHeight, int Orientation)
{
    /// <summary>Pixels of a row as the picture is looked at.</summary>
    public int Width => Orientation >= 5 ? StoredHeight : StoredWidth;

    /// <summary>Rows as the picture is looked at.</summary>
    public int Height => Orientation >= 5 ? StoredWidth : StoredHeight;

    /// <exception cref="PictureException">Not a PNG or JPEG that can be read, or too large.</exception>
    public static PictureHeader Read(ReadOnlySpan<byte> file)
    {
        PictureLimits.CheckBytes(file.Length);
        var header = PngHeader.IsPng(file) ? PngHeader.Read(file)
            : JpegHeader.IsJpeg(file) ? JpegHeader.Read(file)
            : throw new PictureException($"is no PNG or JPEG: it begins with {(file.IsEmpty ? "nothing" : Convert.ToHexString(file[..Math.Min(8, file.Length)]))}");
        PictureLimits.CheckPixels(header.StoredWidth, header.StoredHeight);
        return header;
    }
}

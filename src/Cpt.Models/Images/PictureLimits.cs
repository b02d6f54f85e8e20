namespace Cpt.Models;

/// <summary>
/// What a picture may have, judged by its header before anything is decoded: a few kilobytes can unfold to gigabytes of pixels.
/// </summary>
public static class PictureLimits
{
    /// <summary>Bytes of a file.</summary>
    public const long Bytes = 64L << 20;

    /// <summary>Pixels of a picture: some 600 MB while it is decoded in 16 bits, half of it in 8.</summary>
    public const long Pixels = 50_000_000;

    /// <exception cref="PictureException">The file is too long.</exception>
    internal static void CheckBytes(long bytes)
    {
        if (bytes > Bytes)
        {
            throw new PictureException($"has {bytes} bytes; expected at most {Bytes}");
        }
    }

    /// <exception cref="PictureException">Too many pixels, or none.</exception>
    internal static void CheckPixels(long width, long height)
    {
        if (width < 1 || height < 1)
        {
            throw new PictureException($"is {width}×{height} pixels; expected at least 1×1");
        }

        if (width > Pixels / height)
        {
            throw new PictureException($"is {width}×{height} pixels; expected at most {Pixels} pixels in all; scale it down");
        }
    }
}

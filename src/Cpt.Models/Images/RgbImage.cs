namespace Cpt.Models;

/// <summary>A picture in memory: rows of red, green, blue bytes without gaps.</summary>
public sealed record RgbImage
{
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="pixels">width · height · 3 bytes.</param>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (pixels.LongLength != (long)width * height * 3)
        {
            throw new ArgumentException($"a picture of {width}×{height} came with {pixels.LongLength} bytes; expected {(long)width * height * 3}", nameof(pixels));
        }

        (Width, Height, Pixels) = (width, height, pixels);
    }

    public int Width { get; }

    public int Height { get; }

    public byte[] Pixels { get; }

    /// <summary>As it is looked at when it was stored in an EXIF orientation.</summary>
    internal RgbImage Oriented(int orientation)
    {
        if (orientation is < 2 or > 8)
        {
            return this;
        }

        var (width, height) = orientation >= 5 ? (Height, Width) : (Width, Height);
        var turned = new byte[Pixels.Length];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                // Where the pixel that is seen at (x, y) is stored.
                var (column, row) = orientation switch
                {
                    2 => (Width - 1 - x, y),
                    3 => (Width - 1 - x, Height - 1 - y),
                    4 => (x, Height - 1 - y),
                    5 => (y, x),
                    6 => (y, Height - 1 - x),
                    7 => (Width - 1 - y, Height - 1 - x),
                    _ => (Width - 1 - y, x),
                };
                Pixels.AsSpan(((row * Width) + column) * 3, 3).CopyTo(turned.AsSpan(((y * width) + x) * 3));
            }
        }

        return new RgbImage(width, height, turned);
    }
}

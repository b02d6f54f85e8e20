namespace Cpt.Tasks;

/// <summary>A drawn picture: rows of red, green, blue bytes.</summary>
public sealed class Picture
{
    public Picture(int width, int height) => (Width, Height, Pixels) = (width, height, new byte[width * height * 3]);

    public int Width { get; }

    public int Height { get; }

    public byte[] Pixels { get; }

    /// <summary>Sets a pixel; outside of the picture nothing happens.</summary>
    public void Set(int x, int y, Colour colour)
    {
        if ((uint)x >= (uint)Width || (uint)y >= (uint)Height)
            return;

        var at = ((y * Width) + x) * 3;
        (Pixels[at], Pixels[at + 1], Pixels[at + 2]) = (colour.Red, colour.Green, colour.Blue);
    }

    public void Fill(Colour colour)
    {
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
                Set(x, y, colour);
        }
    }
}

public readonly record struct Colour(byte Red, byte Green, byte Blue);

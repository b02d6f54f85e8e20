namespace Cpt.Models;

/// <summary>
/// The size in which Qwen2-VL looks at a picture: sides in multiples of a token's pixels, the area within bounds, the shape kept as well as that allows.
/// </summary>
internal static class SmartResize
{
    private const int MaximumRatio = 200;

    /// <param name="width">Of the picture.</param>
    /// <param name="height">Of the picture.</param>
    /// <param name="factor">Pixels on a side of an image token.</param>
    /// <param name="minimum">Pixels of area, at least.</param>
    /// <param name="maximum">Pixels of area, at most.</param>
    /// <exception cref="PictureException">The picture is a line.</exception>
    public static (int Width, int Height) Of(int width, int height, int factor, long minimum, long maximum)
    {
        if ((double)Math.Max(width, height) / Math.Min(width, height) > MaximumRatio)
        {
            throw new PictureException($"is {width}×{height} pixels, one side more than {MaximumRatio} times the other; expected a picture of less extreme shape: crop it");
        }

        var area = (double)width * height;
        var (w, h) = (factor * (long)Math.Round((double)width / factor, MidpointRounding.ToEven), factor * (long)Math.Round((double)height / factor, MidpointRounding.ToEven));
        if (w * h > maximum)
        {
            var shrink = Math.Sqrt(area / maximum);
            (w, h) = (Down(width / shrink), Down(height / shrink));
        }
        else if (w * h < minimum)
        {
            var grow = Math.Sqrt(minimum / area);
            (w, h) = (Up(width * grow), Up(height * grow));
        }

        return ((int)w, (int)h);

        long Down(double side) => Math.Max(factor, factor * (long)Math.Floor(side / factor));
        long Up(double side) => factor * (long)Math.Ceiling(side / factor);
    }
}

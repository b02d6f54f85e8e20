namespace Cpt.Models;

/// <summary>
/// Resampling as Pillow does it, bit for bit: first rows, then columns, a cubic kernel (Keys 1981, a = −0.5) that is widened by the scale where a
/// picture shrinks (antialiasing), weights in fixed point with 22 bits, each pass rounded to bytes.
/// </summary>
internal static class BicubicResampling
{
    private const int Fraction = 22;

    public static RgbImage Resize(RgbImage image, int width, int height)
    {
        var pixels = image.Pixels;
        if (width != image.Width)
        {
            pixels = Horizontally(pixels, image.Width, image.Height, width);
        }

        if (height != image.Height)
        {
            pixels = Vertically(pixels, width, image.Height, height);
        }

        return ReferenceEquals(pixels, image.Pixels) ? image : new RgbImage(width, height, pixels);
    }

    private static byte[] Horizontally(byte[] from, int width, int height, int wanted)
    {
        var taps = Taps.Of(width, wanted);
        var to = new byte[checked(wanted * height * 3)];
        for (var y = 0; y < height; y++)
        {
            var row = from.AsSpan(y * width * 3, width * 3);
            for (var x = 0; x < wanted; x++)
            {
                var (first, weights) = taps[x];
                int red = 1 << (Fraction - 1), green = red, blue = red;
                for (var i = 0; i < weights.Length; i++)
                {
                    var at = (first + i) * 3;
                    red += row[at] * weights[i];
                    green += row[at + 1] * weights[i];
                    blue += row[at + 2] * weights[i];
                }

                Put(to.AsSpan(((y * wanted) + x) * 3), red, green, blue);
            }
        }

        return to;
    }

    private static byte[] Vertically(byte[] from, int width, int height, int wanted)
    {
        var taps = Taps.Of(height, wanted);
        var to = new byte[checked(width * wanted * 3)];
        for (var y = 0; y < wanted; y++)
        {
            var (first, weights) = taps[y];
            for (var x = 0; x < width; x++)
            {
                int red = 1 << (Fraction - 1), green = red, blue = red;
                for (var i = 0; i < weights.Length; i++)
                {
                    var at = (((first + i) * width) + x) * 3;
                    red += from[at] * weights[i];
                    green += from[at + 1] * weights[i];
                    blue += from[at + 2] * weights[i];
                }

                Put(to.AsSpan(((y * width) + x) * 3), red, green, blue);
            }
        }

        return to;
    }

    private static void Put(Span<byte> to, int red, int green, int blue)
    {
        to[0] = (byte)Math.Clamp(red >> Fraction, 0, 255);
        to[1] = (byte)Math.Clamp(green >> Fraction, 0, 255);
        to[2] = (byte)Math.Clamp(blue >> Fraction, 0, 255);
    }

    /// <summary>What each wanted pixel is made of: the first pixel of the source, and weights in fixed point.</summary>
    private static class Taps
    {
        private const double Reach = 2, A = -0.5;

        public static (int First, int[] Weights)[] Of(int size, int wanted)
        {
            var scale = (double)size / wanted;
            var widening = Math.Max(scale, 1);
            var support = Reach * widening;
            var taps = new (int, int[])[wanted];
            for (var x = 0; x < wanted; x++)
            {
                var centre = (x + 0.5) * scale;
                var first = Math.Max((int)(centre - support + 0.5), 0);
                var count = Math.Min((int)(centre + support + 0.5), size) - first;
                var weights = new double[count];
                var sum = 0.0;
                for (var i = 0; i < count; i++)
                {
                    sum += weights[i] = Kernel((i + first - centre + 0.5) / widening);
                }

                taps[x] = (first, Array.ConvertAll(weights, weight => (int)Math.Truncate((weight / sum * (1 << Fraction)) + (weight / sum < 0 ? -0.5 : 0.5))));
            }

            return taps;
        }

        private static double Kernel(double x)
        {
            x = Math.Abs(x);
            return x < 1 ? ((((A + 2) * x) - (A + 3)) * x * x) + 1
                : x < 2 ? (((((x - 5) * x) + 8) * x) - 4) * A
                : 0;
        }
    }
}

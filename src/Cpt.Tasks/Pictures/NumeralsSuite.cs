using System.Globalization;

namespace Cpt.Tasks;

/// <summary>Two printed digits of changing place and colour, in pictures of 56 × 28 pixels: two image tokens of Qwen2.5-VL.</summary>
public static class NumeralsSuite
{
    public const string Name = "numerals";

    private const int Width = 56, Height = 28, Scale = 3, Margin = 2, Jitter = 5;

    public static IReadOnlyList<PictureTask> Tasks { get; } =
    [
        new(Name, "read", "Which number is it? Two digits", "Number?", "ExactMatch", draw =>
        {
            var (picture, first, second) = Draw(draw);
            return new PictureQuestion(picture, [string.Create(CultureInfo.InvariantCulture, $"{first}{second}")]);
        }),
        new(Name, "sum", "What is the sum of the two digits?", "Sum?", "ExactMatch", draw =>
        {
            var (picture, first, second) = Draw(draw);
            return new PictureQuestion(picture, [(first + second).ToString(CultureInfo.InvariantCulture)]);
        }),
    ];

    public static Suite Suite { get; } = PictureSuites.Of(Name, "Questions on pictures of two printed digits", Tasks);

    private static (Picture Picture, int First, int Second) Draw(PictureDraw draw)
    {
        var picture = new Picture(Width, Height);
        picture.Fill(Shade(draw, 0));
        int[] digits = [draw.Next(10), draw.Next(10)];
        for (var place = 0; place < 2; place++)
        {
            var left = (place * Width / 2) + Margin + draw.Next(Jitter);
            NumeralDrawing.Draw(picture, digits[place], left, Margin + draw.Next(Jitter), Scale, Shade(draw, 176));
        }

        return (picture, digits[0], digits[1]);
    }

    /// <summary>Some colour about a shade of grey.</summary>
    private static Colour Shade(PictureDraw draw, int from)
    {
        byte Part() => (byte)(from + draw.Next(80));
        return new Colour(Part(), Part(), Part());
    }
}

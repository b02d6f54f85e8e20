using System.Globalization;

namespace Cpt.Tasks;

/// <summary>Two printed digits of changing size, place and colour, in pictures of 56 × 28 pixels: two image tokens of Qwen2.5-VL.</summary>
public static class NumeralsSuite
{
    public const string Name = "numerals";

    private const int Width = 56, Height = 28;

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
        var dark = draw.Next(2) == 0;
        picture.Fill(Shade(draw, dark));
        int[] digits = [draw.Next(10), draw.Next(10)];
        for (var place = 0; place < 2; place++)
        {
            var scale = 2 + draw.Next(2);
            var (width, height) = (NumeralDrawing.Columns * scale, NumeralDrawing.Rows * scale);
            var left = (place * Width / 2) + draw.Next((Width / 2) - width + 1);
            NumeralDrawing.Draw(picture, digits[place], left, draw.Next(Height - height + 1), scale, Shade(draw, !dark));
        }

        return (picture, digits[0], digits[1]);
    }

    /// <summary>Some dark or some light colour.</summary>
    private static Colour Shade(PictureDraw draw, bool dark)
    {
        byte Part() => (byte)((dark ? 0 : 176) + draw.Next(80));
        return new Colour(Part(), Part(), Part());
    }
}

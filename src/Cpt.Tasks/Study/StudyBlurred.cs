using System.Globalization;

namespace Cpt.Tasks;

/// <summary>
/// A digit, 28 × 28 pixels: sharp, a little blurred, or so blurred that nobody could read it. Ten annotators answered: of a sharp one nearly all give the digit, of a blurred one some give up, and of
/// the last kind nearly all say unanswerable.
/// </summary>
internal static class StudyBlurred
{
    public const string Unanswerable = "unanswerable";

    private const int Side = 28, Scale = 3, Margin = 2, Jitter = 5, Annotators = 10;

    public static PictureQuestion Make(PictureDraw draw)
    {
        var picture = StudyScene.Ground(draw, Side, Side);
        var digit = draw.Next(10);
        byte Part() => (byte)draw.Next(80);
        NumeralDrawing.Draw(picture, digit, Margin + 2 + draw.Next(Jitter), Margin + draw.Next(Jitter), Scale, new Colour(Part(), Part(), Part()));
        // Radius of the blur, and how many of ten say the digit and how many give up; the rest see another one.
        var (radius, right, givenUp) = draw.Next(10) switch
        {
            < 4 => (0, 9 + draw.Next(2), 0),
            < 6 => (1, 6 + draw.Next(2), 3),
            _ => (7, 0, 8 + draw.Next(3)),
        };
        var text = digit.ToString(CultureInfo.InvariantCulture);
        var said = Enumerable.Range(0, Annotators).Select(person => person < right ? text : person < right + givenUp ? Unanswerable : draw.Next(10).ToString(CultureInfo.InvariantCulture)).ToArray();
        draw.Shuffle<string>(said);
        return new PictureQuestion(radius == 0 ? picture : Blurred(picture, radius), [right > 0 ? text : Unanswerable]) { Question = "Digit?", Annotators = said };
    }

    /// <summary>Three times the mean of a square around each pixel: nearly a Gaussian, in whole numbers.</summary>
    private static Picture Blurred(Picture picture, int radius)
    {
        for (var pass = 0; pass < 3; pass++)
        {
            var blurred = new Picture(picture.Width, picture.Height);
            for (var at = 0; at < blurred.Pixels.Length; at++)
            {
                var (x, y, part) = (at / 3 % picture.Width, at / 3 / picture.Width, at % 3);
                var (sum, count) = (0, 0);
                for (var ny = Math.Max(0, y - radius); ny <= Math.Min(picture.Height - 1, y + radius); ny++)
                {
                    for (var nx = Math.Max(0, x - radius); nx <= Math.Min(picture.Width - 1, x + radius); nx++)
                    {
                        sum += picture.Pixels[(((ny * picture.Width) + nx) * 3) + part];
                        count++;
                    }
                }

                blurred.Pixels[at] = (byte)(sum / count);
            }

            picture = blurred;
        }

        return picture;
    }
}

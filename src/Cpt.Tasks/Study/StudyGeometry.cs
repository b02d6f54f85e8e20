using System.Globalization;

namespace Cpt.Tasks;

/// <summary>A rectangle with the lengths of two sides written beside it, one to five, 56 × 56 pixels: its area, or its perimeter.</summary>
internal static class StudyGeometry
{
    public const int Longest = 5, Unit = 7, Left = 16, Top = 20, Scale = 2, WidthLeft = 34, WidthTop = 2, HeightLeft = 2, HeightTop = 34;

    public static PictureQuestion Make(PictureDraw draw)
    {
        var picture = StudyScene.Ground(draw, StudyScene.Side, StudyScene.Side);
        var (width, height) = (1 + draw.Next(Longest), 1 + draw.Next(Longest));
        var line = new Colour((byte)draw.Next(100), (byte)draw.Next(100), (byte)draw.Next(100));
        for (var x = 0; x < width * Unit; x++)
        {
            for (var y = 0; y < height * Unit; y++)
            {
                if (x == 0 || y == 0 || x == (width * Unit) - 1 || y == (height * Unit) - 1)
                    picture.Set(Left + x, Top + y, line);
            }
        }

        NumeralDrawing.Draw(picture, width, WidthLeft + draw.Next(3), WidthTop, Scale, line);
        NumeralDrawing.Draw(picture, height, HeightLeft, HeightTop + draw.Next(3), Scale, line);
        var area = draw.Next(2) == 0;
        return new PictureQuestion(picture, [(area ? width * height : 2 * (width + height)).ToString(CultureInfo.InvariantCulture)]) { Question = area ? "Area?" : "Perimeter?" };
    }
}

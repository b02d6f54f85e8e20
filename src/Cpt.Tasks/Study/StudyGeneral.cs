using System.Globalization;

namespace Cpt.Tasks;

/// <summary>Three skills in turn, 56 × 28 pixels: a number of two digits, the colour of the one disc, which of two discs is the larger. None of the seven tasks asks for any of them.</summary>
internal static class StudyGeneral
{
    private const int Width = 56, Height = 28;

    public static PictureQuestion Make(PictureDraw draw)
    {
        var picture = StudyScene.Ground(draw, Width, Height);
        return draw.Next(3) switch
        {
            0 => Number(picture, draw),
            1 => Colour(picture, draw),
            _ => Larger(picture, draw),
        };
    }

    private static PictureQuestion Number(Picture picture, PictureDraw draw)
    {
        int[] digits = [draw.Next(10), draw.Next(10)];
        byte Part() => (byte)draw.Next(100);
        for (var place = 0; place < digits.Length; place++)
            NumeralDrawing.Draw(picture, digits[place], (place * Width / 2) + 2 + draw.Next(5), 2 + draw.Next(5), scale: 3, new Colour(Part(), Part(), Part()));

        return new PictureQuestion(picture, [string.Concat(digits.Select(digit => digit.ToString(CultureInfo.InvariantCulture)))]) { Question = "Number?" };
    }

    private static PictureQuestion Colour(Picture picture, PictureDraw draw)
    {
        var colour = draw.Next(StudyScene.Colours.Length);
        var size = 12 + draw.Next(12);
        ShapeDrawing.Draw(picture, 0, 1 + draw.Next(Width - size - 1), 1 + draw.Next(Height - size - 1), size, StudyScene.Colours[colour].Colour);
        return new PictureQuestion(picture, [StudyScene.Colours[colour].Name]) { Question = "Colour?" };
    }

    private static PictureQuestion Larger(Picture picture, PictureDraw draw)
    {
        var small = 8 + draw.Next(6);
        int[] sizes = [small, small + 6 + draw.Next(6)];
        draw.Shuffle<int>(sizes);
        for (var place = 0; place < sizes.Length; place++)
            ShapeDrawing.Draw(picture, 0, (place * Width / 2) + 1 + draw.Next((Width / 2) - sizes[place] - 1), 1 + draw.Next(Height - sizes[place] - 1), sizes[place], StudyScene.Colours[draw.Next(StudyScene.Colours.Length)].Colour);

        return new PictureQuestion(picture, [sizes[0] > sizes[1] ? "left" : "right"]) { Question = "Larger?" };
    }
}

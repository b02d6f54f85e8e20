namespace Cpt.Tasks;

/// <summary>Coloured shapes in the quarters of a picture of 56 × 56 pixels, off their edges so that none touches another.</summary>
internal static class StudyScene
{
    public const int Side = 56, Cells = 2, Cell = Side / Cells;

    /// <summary>By the number that <see cref="ShapeDrawing"/> draws.</summary>
    public static readonly string[] Kinds = ["disc", "square", "triangle"];

    public static readonly (string Name, Colour Colour)[] Colours =
    [
        ("red", new Colour(220, 50, 40)), ("green", new Colour(40, 170, 60)), ("blue", new Colour(50, 80, 220)), ("yellow", new Colour(240, 210, 50)),
    ];

    /// <summary>A light grey ground.</summary>
    public static Picture Ground(PictureDraw draw, int width, int height)
    {
        var picture = new Picture(width, height);
        var shade = (byte)(200 + draw.Next(56));
        picture.Fill(new Colour(shade, shade, shade));
        return picture;
    }

    /// <param name="picture">Drawn upon.</param>
    /// <param name="draw">Decides size and place within the quarter.</param>
    /// <param name="cell">0 to 3, row by row.</param>
    /// <param name="kind">Of <see cref="Kinds"/>.</param>
    /// <param name="colour">Of <see cref="Colours"/>.</param>
    public static void Put(Picture picture, PictureDraw draw, int cell, int kind, int colour)
    {
        var size = 14 + draw.Next(9);
        var (left, top) = ((cell % Cells * Cell) + 1 + draw.Next(Cell - size - 1), (cell / Cells * Cell) + 1 + draw.Next(Cell - size - 1));
        ShapeDrawing.Draw(picture, kind, left, top, size, Colours[colour].Colour);
    }
}

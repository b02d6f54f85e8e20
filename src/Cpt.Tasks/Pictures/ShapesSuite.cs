using System.Globalization;

namespace Cpt.Tasks;

/// <summary>Coloured discs, squares and triangles on a grey ground, in pictures of 56 × 56 pixels: four image tokens of Qwen2.5-VL.</summary>
public static class ShapesSuite
{
    public const string Name = "shapes";

    private const int Side = 56, Cells = 2, MaximumCount = Cells * Cells;

    private static readonly (string Name, Colour Colour)[] s_colours =
    [
        ("red", new Colour(220, 50, 40)), ("green", new Colour(40, 170, 60)), ("blue", new Colour(50, 80, 220)), ("yellow", new Colour(240, 210, 50)),
    ];

    public static IReadOnlyList<PictureTask> Tasks { get; } =
    [
        new(Name, "count", $"How many shapes are there? 1 to {MaximumCount}", "How many?", "ExactMatch", draw =>
        {
            var (picture, colours) = Draw(draw, 1 + draw.Next(MaximumCount));
            return new PictureQuestion(picture, [colours.Count.ToString(CultureInfo.InvariantCulture)]);
        }),
        new(Name, "colour", "Name a colour that some shape has; every one that is there is right", "A colour?", "Pattern", draw =>
        {
            var (picture, colours) = Draw(draw, 1 + draw.Next(2));
            return new PictureQuestion(picture, [.. s_colours.Index().Where(colour => colours.Contains(colour.Index)).Select(colour => colour.Item.Name)]);
        }),
    ];

    public static Suite Suite { get; } = PictureSuites.Of(Name, "Questions on pictures of coloured shapes", Tasks);

    /// <summary>One shape in each of some quarters of the picture and off their edges, so that none hides or touches another.</summary>
    private static (Picture Picture, List<int> Colours) Draw(PictureDraw draw, int count)
    {
        var picture = new Picture(Side, Side);
        var ground = (byte)(200 + draw.Next(56));
        picture.Fill(new Colour(ground, ground, ground));
        var cells = Enumerable.Range(0, Cells * Cells).ToArray();
        draw.Shuffle<int>(cells);
        var colours = new List<int>();
        const int Cell = Side / Cells;
        foreach (var cell in cells.Take(count))
        {
            var size = 14 + draw.Next(9);
            var (left, top) = ((cell % Cells * Cell) + 1 + draw.Next(Cell - size - 1), (cell / Cells * Cell) + 1 + draw.Next(Cell - size - 1));
            var colour = draw.Next(s_colours.Length);
            ShapeDrawing.Draw(picture, draw.Next(ShapeDrawing.Kinds), left, top, size, s_colours[colour].Colour);
            colours.Add(colour);
        }

        return (picture, colours);
    }
}

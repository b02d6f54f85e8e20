namespace Cpt.Tasks;

/// <summary>Three tubes with liquid side by side, 84 × 28 pixels: which is the fullest? The options stand in any order.</summary>
internal static class StudyScience
{
    public const int Tubes = 3, Cell = 28, Bottom = 25, Left = 8, Width = 12, Highest = 22;

    private static readonly string[] s_places = ["left", "middle", "right"];

    public static PictureQuestion Make(PictureDraw draw)
    {
        var picture = StudyScene.Ground(draw, Tubes * Cell, Cell);
        var levels = Levels(draw);
        var liquid = StudyScene.Colours[draw.Next(StudyScene.Colours.Length)].Colour;
        for (var tube = 0; tube < Tubes; tube++)
        {
            var left = (tube * Cell) + Left;
            for (var y = 0; y < Highest; y++)
            {
                for (var x = 0; x < Width; x++)
                {
                    var wall = x is 0 or Width - 1 || y == 0;
                    picture.Set(left + x, Bottom - y, wall ? new Colour(60, 60, 60) : y <= levels[tube] ? liquid : new Colour(255, 255, 255));
                }
            }
        }

        var order = Enumerable.Range(0, Tubes).ToArray();
        draw.Shuffle<int>(order);
        var fullest = Array.IndexOf(levels, levels.Max());
        return new PictureQuestion(picture, [((char)('A' + Array.IndexOf(order, fullest))).ToString()])
        {
            Question = $"Fullest? {string.Join(' ', order.Select((place, option) => $"{(char)('A' + option)} {s_places[place]}"))}",
            Choices = [.. order.Select(place => s_places[place])],
        };
    }

    /// <summary>The highest stands out by four pixels at least.</summary>
    private static int[] Levels(PictureDraw draw)
    {
        var highest = 9 + draw.Next(Highest - 10);
        int[] levels = [highest, 2 + draw.Next(highest - 5), 2 + draw.Next(highest - 5)];
        draw.Shuffle<int>(levels);
        return levels;
    }
}

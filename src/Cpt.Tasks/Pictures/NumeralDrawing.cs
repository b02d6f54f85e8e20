namespace Cpt.Tasks;

/// <summary>Digits of five by seven dots.</summary>
internal static class NumeralDrawing
{
    public const int Columns = 5;
    public const int Rows = 7;

    private static readonly string[] s_dots =
    [
        ".###.#...##..###.#.###..##...#.###.",
        "..#...##....#....#....#....#...###.",
        ".###.#...#....#...#...#...#...#####",
        "#####...#...#.....#.....##...#.###.",
        "...#...##..#.#.#..#.#####...#....#.",
        "######....####.....#....##...#.###.",
        "..##..#...#....####.#...##...#.###.",
        "#####....#...#...#...#....#....#...",
        ".###.#...##...#.###.#...##...#.###.",
        ".###.#...##...#.####....#...#..##..",
    ];

    /// <param name="picture">Drawn upon.</param>
    /// <param name="digit">0 to 9.</param>
    /// <param name="left">Of its box.</param>
    /// <param name="top">Of its box.</param>
    /// <param name="scale">Pixels of a dot.</param>
    /// <param name="colour">Of every pixel.</param>
    public static void Draw(Picture picture, int digit, int left, int top, int scale, Colour colour) => DrawDots(picture, s_dots[digit], left, top, scale, colour);

    /// <summary>Dots of a digit, row by row; '#' is set.</summary>
    public static string Dots(int digit) => s_dots[digit];

    /// <summary>The same for a pattern of five by seven.</summary>
    public static void DrawDots(Picture picture, string dots, int left, int top, int scale, Colour colour)
    {
        for (var y = 0; y < Rows * scale; y++)
        {
            for (var x = 0; x < Columns * scale; x++)
            {
                if (dots[(y / scale * Columns) + (x / scale)] == '#')
                    picture.Set(left + x, top + y, colour);
            }
        }
    }
}

namespace Cpt.Tasks;

/// <summary>Ten letters of five by seven dots.</summary>
internal static class LetterDrawing
{
    public const string Letters = "ACEHLNOSTU";

    private static readonly string[] s_dots =
    [
        ".###.#...##...#######...##...##...#",
        ".###.#...##....#....#....#...#.###.",
        "######....#....####.#....#....#####",
        "#...##...##...#######...##...##...#",
        "#....#....#....#....#....#....#####",
        "#...###..##.#.##..###...##...##...#",
        ".###.#...##...##...##...##...#.###.",
        ".#####....#.....###.....#....#####.",
        "#####..#....#....#....#....#....#..",
        "#...##...##...##...##...##...#.###.",
    ];

    /// <summary>Dots of a letter, row by row; '#' is set.</summary>
    public static string Dots(char letter) => s_dots[Letters.IndexOf(letter, StringComparison.Ordinal)];

    public static void Draw(Picture picture, char letter, int left, int top, int scale, Colour colour) => NumeralDrawing.DrawDots(picture, Dots(letter), left, top, scale, colour);
}

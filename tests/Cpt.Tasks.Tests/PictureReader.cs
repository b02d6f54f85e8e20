namespace Cpt.Tasks.Tests;

/// <summary>Reads pictures by their pixels alone, knowing nothing of who drew them.</summary>
internal static class PictureReader
{
    /// <summary>A connected region of one colour.</summary>
    public sealed record Island(Colour Colour, int Left, int Top, int Right, int Bottom, int Area)
    {
        public int Width => Right - Left + 1;

        public int Height => Bottom - Top + 1;

        /// <summary>A square fills the box around it, a disc π/4 of it, a triangle half.</summary>
        public string Kind => ((double)Area / (Width * Height)) switch { > 0.95 => "square", > 0.65 => "disc", _ => "triangle" };

        public string Name => (Colour.Red, Colour.Green, Colour.Blue) switch { (220, 50, 40) => "red", (40, 170, 60) => "green", (50, 80, 220) => "blue", (240, 210, 50) => "yellow", _ => "none" };
    }

    public static Colour At(Picture picture, int x, int y)
    {
        var at = ((y * picture.Width) + x) * 3;
        return new Colour(picture.Pixels[at], picture.Pixels[at + 1], picture.Pixels[at + 2]);
    }

    /// <summary>Everything but the ground, whose colour is that of the first pixel.</summary>
    public static List<Island> Islands(Picture picture)
    {
        var ground = At(picture, 0, 0);
        var seen = new HashSet<(int, int)>();
        var islands = new List<Island>();
        for (var y = 0; y < picture.Height; y++)
        {
            for (var x = 0; x < picture.Width; x++)
            {
                var colour = At(picture, x, y);
                if (colour == ground || !seen.Add((x, y)))
                    continue;

                var island = new Island(colour, x, y, x, y, 0);
                var open = new Stack<(int X, int Y)>([(x, y)]);
                while (open.TryPop(out var at))
                {
                    island = island with { Left = Math.Min(island.Left, at.X), Right = Math.Max(island.Right, at.X), Top = Math.Min(island.Top, at.Y), Bottom = Math.Max(island.Bottom, at.Y), Area = island.Area + 1 };
                    foreach (var (nx, ny) in ((int, int)[])[(at.X - 1, at.Y), (at.X + 1, at.Y), (at.X, at.Y - 1), (at.X, at.Y + 1)])
                    {
                        if (nx >= 0 && ny >= 0 && nx < picture.Width && ny < picture.Height && At(picture, nx, ny) == colour && seen.Add((nx, ny)))
                            open.Push((nx, ny));
                    }
                }

                islands.Add(island);
            }
        }

        return islands;
    }

    /// <summary>What a region shows as five by seven dots: several readings where columns or rows at the edge are empty.</summary>
    private static IEnumerable<string> Glyphs(Picture picture, int left, int right, int top, int bottom, int scale)
    {
        var ground = At(picture, 0, 0);
        for (var y = top; y + (7 * scale) <= bottom; y++)
        {
            for (var x = left; x + (5 * scale) <= right; x++)
            {
                var dots = new char[35];
                for (var dot = 0; dot < dots.Length; dot++)
                    dots[dot] = At(picture, x + (dot % 5 * scale) + 1, y + (dot / 5 * scale) + 1) == ground ? '.' : '#';
                var pattern = new string(dots);
                if (Covers(pattern, x, y))
                    yield return pattern;
            }
        }

        bool Covers(string pattern, int atX, int atY)
        {
            if (!pattern.Contains('#', StringComparison.Ordinal))
                return false;

            for (var y = top; y < bottom; y++)
            {
                for (var x = left; x < right; x++)
                {
                    var (column, row) = ((x - atX) / scale, (y - atY) / scale);
                    var due = x >= atX && y >= atY && column < 5 && row < 7 && pattern[(row * 5) + column] == '#';
                    if (due != (At(picture, x, y) != ground))
                        return false;
                }
            }

            return true;
        }
    }

    /// <summary>The one digit that a region shows; null where it shows none.</summary>
    public static int? Digit(Picture picture, int left, int right, int top, int bottom, int scale) =>
        Glyphs(picture, left, right, top, bottom, scale).SelectMany(dots => Enumerable.Range(0, 10).Where(digit => NumeralDrawing.Dots(digit) == dots)).ToList() is [var only] ? only : null;

    public static char? Letter(Picture picture, int left, int right, int top, int bottom, int scale) =>
        Glyphs(picture, left, right, top, bottom, scale).SelectMany(dots => LetterDrawing.Letters.Where(letter => LetterDrawing.Dots(letter) == dots)).ToList() is [var only] ? only : null;
}

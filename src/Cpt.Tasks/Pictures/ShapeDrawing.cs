namespace Cpt.Tasks;

/// <summary>Discs, squares and triangles.</summary>
internal static class ShapeDrawing
{
    public const int Kinds = 3;

    /// <param name="picture">Drawn upon.</param>
    /// <param name="kind">0 disc, 1 square, 2 triangle.</param>
    /// <param name="left">Of the square around it.</param>
    /// <param name="top">Of the square around it.</param>
    /// <param name="size">Of the square around it.</param>
    /// <param name="colour">Of every pixel.</param>
    public static void Draw(Picture picture, int kind, int left, int top, int size, Colour colour)
    {
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
            {
                // In halves of a pixel from the middle, so that everything is whole numbers.
                int dx = (2 * x) + 1 - size, dy = (2 * y) + 1 - size;
                var inside = kind switch
                {
                    0 => (dx * dx) + (dy * dy) <= size * size,
                    1 => true,
                    _ => 2 * Math.Abs(dx) <= dy + size,
                };
                if (inside)
                    picture.Set(left + x, top + y, colour);
            }
        }
    }
}

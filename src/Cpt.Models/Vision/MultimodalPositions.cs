namespace Cpt.Models;

/// <summary>
/// Positions of M-RoPE (Qwen2-VL, arXiv:2409.12191): each token has a time, a row and a column. For text all three are equal and count on. The tokens
/// of an image that begins at position p have time p, row p + y and column p + x; the text behind it goes on at p + max(height, width), so that
/// positions run ahead of the token count by less than an image has tokens. Padding has position 0.
/// </summary>
/// <param name="Values">[3, B, T]: time, row, column.</param>
/// <param name="Deltas">[B]: what a later token's position exceeds its place among the row's tokens by (<c>rope_deltas</c>); mostly negative.</param>
internal sealed record MultimodalPositions(long[] Values, long[] Deltas)
{
    /// <param name="rows">B.</param>
    /// <param name="columns">T.</param>
    /// <param name="seen">[B, T], false for padding; null where there is none.</param>
    /// <param name="grids">Of the images.</param>
    /// <param name="places">Images by row and column.</param>
    /// <param name="vision">Says how many patches make a token.</param>
    public static MultimodalPositions Of(long rows, long columns, bool[]? seen, IReadOnlyList<ImageGrid> grids, IReadOnlyList<PlacedImage> places, VisionConfig vision)
    {
        var values = new long[3 * rows * columns];
        var deltas = new long[rows];
        var image = 0;
        for (var row = 0L; row < rows; row++)
        {
            var (next, tokens) = (0L, 0L);
            for (var column = 0L; column < columns;)
            {
                var at = (row * columns) + column;
                if (image < places.Count && places[image].Row == row && places[image].Column == column)
                {
                    var grid = grids[places[image].Image];
                    var (height, width) = (grid.Rows / vision.SpatialMergeSize, grid.Columns / vision.SpatialMergeSize);
                    for (var i = 0; i < height * width; i++)
                    {
                        Set(at + i, next, next + (i / width), next + (i % width));
                    }

                    next += Math.Max(height, width);
                    tokens += height * width;
                    column += height * width;
                    image++;
                    continue;
                }

                if (seen is null || seen[at])
                {
                    Set(at, next, next, next);
                    next++;
                    tokens++;
                }

                column++;
            }

            deltas[row] = next - tokens;
        }

        return new MultimodalPositions(values, deltas);

        void Set(long at, long time, long y, long x)
        {
            values[at] = time;
            values[at + (rows * columns)] = y;
            values[at + (2 * rows * columns)] = x;
        }
    }
}

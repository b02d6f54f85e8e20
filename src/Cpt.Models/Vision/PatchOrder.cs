namespace Cpt.Models;

/// <summary>
/// The order in which the tower works on one image's patches: window by window, windows of equal size side by side, so that each size is one
/// attention over a batch of windows. Patches come in and go out in the order of the image processor: units of merge × merge patches, row by row.
/// </summary>
internal sealed class PatchOrder
{
    private PatchOrder(long[] units, IReadOnlyList<(int Windows, int Patches)> sizes, long[] rows, long[] columns) =>
        (Units, Sizes, Rows, Columns) = (units, sizes, rows, columns);

    /// <summary>Which unit of the image stands at each place.</summary>
    public long[] Units { get; }

    /// <summary>Runs of windows of equal size: how many windows, and how many patches each has.</summary>
    public IReadOnlyList<(int Windows, int Patches)> Sizes { get; }

    /// <summary>Row of the patch at each place.</summary>
    public long[] Rows { get; }

    /// <summary>Column of the patch at each place.</summary>
    public long[] Columns { get; }

    public static PatchOrder Of(ImageGrid grid, VisionConfig config) =>
        Compute(grid, config.SpatialMergeSize, config.WindowUnits);

    /// <param name="grid">Patches of the image.</param>
    /// <param name="merge">Patches on a side of a unit.</param>
    /// <param name="window">Units on a side of a window; those at the right and lower edges are smaller.</param>
    private static PatchOrder Compute(ImageGrid grid, int merge, int window)
    {
        var (height, width) = (grid.Rows / merge, grid.Columns / merge);
        var windows = new List<List<long>>();
        for (var top = 0; top < height; top += window)
        {
            for (var left = 0; left < width; left += window)
            {
                var units = new List<long>();
                for (var y = top; y < Math.Min(top + window, height); y++)
                {
                    for (var x = left; x < Math.Min(left + window, width); x++)
                    {
                        units.Add(((long)y * width) + x);
                    }
                }

                windows.Add(units);
            }
        }

        // A stable sort; which window comes first changes no result.
        windows = [.. windows.OrderByDescending(units => units.Count)];
        var order = windows.SelectMany(units => units).ToArray();
        var sizes = windows.GroupBy(units => units.Count).Select(group => (group.Count(), group.Key * merge * merge)).ToList();
        var rows = new List<long>();
        var columns = new List<long>();
        foreach (var unit in order)
        {
            for (var patch = 0; patch < merge * merge; patch++)
            {
                rows.Add((unit / width * merge) + (patch / merge));
                columns.Add((unit % width * merge) + (patch % merge));
            }
        }

        return new PatchOrder(order, sizes, [.. rows], [.. columns]);
    }
}

namespace Cpt.Models.Tests;

public sealed class PatchOrderTests
{
    private static readonly VisionConfig s_config = new() { Depth = 1, HiddenSize = 8, IntermediateSize = 8, NumHeads = 1, OutHiddenSize = 8, PatchSize = 4, WindowSize = 16 };

    [Fact]
    public void WindowsOfEqualSizeStandSideBySide()
    {
        // 3 × 5 units in windows of 2 × 2: two whole windows, then those cut by the edges.
        var order = PatchOrder.Of(new ImageGrid(1, 6, 10), s_config);
        Assert.Equal([(2, 16), (3, 8), (1, 4)], order.Sizes);
        Assert.Equal([0, 1, 5, 6, 2, 3, 7, 8, 4, 9, 10, 11, 12, 13, 14], order.Units);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(4, 4)]
    [InlineData(8, 2)]
    [InlineData(2, 18)]
    [InlineData(14, 22)]
    public void EveryPatchStandsSomewhereOnceAndUnitsStayTogether(int rows, int columns)
    {
        var order = PatchOrder.Of(new ImageGrid(1, rows, columns), s_config);
        Assert.Equal(Enumerable.Range(0, rows * columns / 4).Select(unit => (long)unit), order.Units.Order());
        Assert.Equal(rows * columns, order.Sizes.Sum(size => size.Windows * size.Patches));
        Assert.Equal(rows * columns, order.Rows.Zip(order.Columns).Distinct().Count());
        for (var at = 0; at < order.Rows.Length; at++)
        {
            Assert.Equal(order.Units[at / 4], (order.Rows[at] / 2 * (columns / 2)) + (order.Columns[at] / 2));
        }
    }

    [Fact]
    public void AnImageOfOneWindowKeepsItsOrder()
    {
        var order = PatchOrder.Of(new ImageGrid(1, 4, 4), s_config);
        Assert.Equal([(1, 16)], order.Sizes);
        Assert.Equal([0, 1, 2, 3], order.Units);
        Assert.Equal([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3], order.Rows);
        Assert.Equal([0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3], order.Columns);
    }
}

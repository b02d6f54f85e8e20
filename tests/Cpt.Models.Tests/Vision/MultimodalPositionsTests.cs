namespace Cpt.Models.Tests;

public sealed class MultimodalPositionsTests
{
    private static readonly VisionConfig s_vision = Small.VisionConfig.Vision!;

    [Fact]
    public void TextCountsOnAndAnImageTakesAsManyPositionsAsItsLongerSide()
    {
        // Two words, an image of 2 × 3 tokens, two words.
        var positions = MultimodalPositions.Of(1, 10, null, [new ImageGrid(1, 4, 6)], [new PlacedImage(0, 2, 0)], s_vision);
        Assert.Equal([0, 1, 2, 2, 2, 2, 2, 2, 5, 6], positions.Values[..10]);
        Assert.Equal([0, 1, 2, 2, 2, 3, 3, 3, 5, 6], positions.Values[10..20]);
        Assert.Equal([0, 1, 2, 3, 4, 2, 3, 4, 5, 6], positions.Values[20..]);
        Assert.Equal([-3], positions.Deltas);
    }

    [Fact]
    public void PaddingHasPositionZeroAndCountsForNothing()
    {
        bool[] seen = [false, false, true, true, true, true, true, true];
        var positions = MultimodalPositions.Of(2, 4, seen, [new ImageGrid(1, 2, 4)], [new PlacedImage(1, 1, 0)], s_vision);
        Assert.Equal([0, 0, 0, 1, 0, 1, 1, 3], positions.Values[..8]);
        Assert.Equal([0, 0, 0, 1, 0, 1, 2, 3], positions.Values[16..]);
        Assert.Equal([0, 0], positions.Deltas);
    }

    [Fact]
    public void SeveralImagesFollowEachOther()
    {
        ImageGrid[] grids = [new(1, 2, 6), new(1, 4, 4)];
        PlacedImage[] places = [new(0, 0, 1), new(0, 5, 0)];
        var positions = MultimodalPositions.Of(1, 9, null, grids, places, s_vision);
        Assert.Equal([0, 0, 0, 0, 2, 3, 3, 3, 6], positions.Values[..9]);
        Assert.Equal([0, 0, 1, 1, 2, 3, 3, 3, 6], positions.Values[9..18]);
        Assert.Equal([0, 1, 0, 1, 2, 3, 4, 5, 6], positions.Values[18..]);
    }
}

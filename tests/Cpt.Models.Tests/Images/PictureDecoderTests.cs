namespace Cpt.Models.Tests;

public sealed class PictureDecoderTests
{
    [Fact]
    public void ColoursComeOutAsTheyWentIn()
    {
        var picture = PictureDecoder.Decode(Pictures.ColourPng(4, 3));
        Assert.Equal((4, 3), (picture.Width, picture.Height));
        Assert.Equal(All(4, 3, Pictures.Colour), picture.Pixels);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void GreyOfAnyDepthBecomesColour(int bits)
    {
        // Eight pixels of full and no light, taking turns.
        var row = bits switch { 1 => (byte[])[0b10101010], 2 => [0b11001100, 0b11001100], 4 => [0xF0, 0xF0, 0xF0, 0xF0], _ => [255, 0, 255, 0, 255, 0, 255, 0] };
        var picture = PictureDecoder.Decode(Pictures.Png(8, 1, 0, bits, _ => row));
        Assert.Equal(All(8, 1, (x, _) => x % 2 == 0 ? [255, 255, 255] : [0, 0, 0]), picture.Pixels);
    }

    [Fact]
    public void SixteenBitsBecomeEight()
    {
        var picture = PictureDecoder.Decode(Pictures.Png(2, 1, 2, 16, _ => [0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xFF, 0xFF, 0, 0, 0x80, 0]));
        Assert.Equal([0x12, 0x56, 0x9A, 0xFF, 0, 0x80], picture.Pixels);
    }

    [Fact]
    public void AlphaIsDropped()
    {
        Assert.Equal([10, 20, 30, 40, 50, 60], PictureDecoder.Decode(Pictures.Png(2, 1, 6, 8, _ => [10, 20, 30, 0, 40, 50, 60, 255])).Pixels);
        Assert.Equal([10, 10, 10, 20, 20, 20], PictureDecoder.Decode(Pictures.Png(2, 1, 4, 8, _ => [10, 0, 20, 255])).Pixels);
    }

    [Fact]
    public void APaletteIsLookedUp() =>
        Assert.Equal([1, 2, 3, 7, 8, 9], PictureDecoder.Decode(Pictures.Png(2, 1, 3, 8, _ => [0, 2], ("PLTE", [1, 2, 3, 4, 5, 6, 7, 8, 9]))).Pixels);

    [Fact]
    public void EveryExifOrientationOfAPngIsTurnedUpright()
    {
        var upright = All(3, 2, Pictures.Colour);
        for (var orientation = 1; orientation <= 8; orientation++)
        {
            // Stored so that a viewer who follows the orientation sees the upright picture.
            var (width, height) = orientation >= 5 ? (2, 3) : (3, 2);
            var stored = Pictures.Png(width, height, 2, 8, row => [.. Enumerable.Range(0, width).SelectMany(column =>
            {
                var (x, y) = Seen(orientation, row, column);
                return Pictures.Colour(x, y);
            })], ("eXIf", Pictures.Exif(orientation, little: false)));
            var picture = PictureDecoder.Decode(stored);
            Assert.Equal((3, 2), (picture.Width, picture.Height));
            Assert.Equal(upright, picture.Pixels);
            Assert.Equal((3, 2), (PictureHeader.Read(stored).Width, PictureHeader.Read(stored).Height));
        }
    }

    [Fact]
    public void APhotographTakenSidewaysIsTurned()
    {
        var upright = PictureDecoder.Decode(Pictures.Photo());
        var turned = PictureDecoder.Decode(Pictures.TurnedPhoto(6));
        Assert.Equal((upright.Height, upright.Width), (turned.Width, turned.Height));
        Assert.Equal(upright.Pixels[..3], turned.Pixels[((turned.Width - 1) * 3)..(turned.Width * 3)]);
        Assert.Equal(upright.Pixels, PictureDecoder.Decode(Pictures.TurnedPhoto(1)).Pixels);
    }

    [Theory]
    [InlineData("image0.png")]
    [InlineData("photo.jpg")]
    public void ACutOffFileIsRefusedWhereverItIsCut(string name)
    {
        var file = File.ReadAllBytes(Golden.Path("qwen2_5_vl", name));
        for (var length = 0; length < file.Length - 12; length += Math.Max(1, file.Length / 61))
        {
            var error = Assert.Throws<PictureException>(() => PictureDecoder.Decode(file.AsSpan(0, length)));
            Assert.Matches("cut off|begins with", error.Message);
        }
    }

    [Theory]
    [InlineData("image0.png")]
    [InlineData("photo.jpg")]
    public void ADamagedFileGivesAPictureOrAnErrorAndNothingElse(string name)
    {
        var file = File.ReadAllBytes(Golden.Path("qwen2_5_vl", name));
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            var damaged = file.ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(random.Next(2) == 0 ? 200 : damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                Assert.NotEmpty(PictureDecoder.Decode(damaged).Pixels);
            }
            catch (PictureException)
            {
            }
        }
    }

    [Fact]
    public void AHeaderThatPromisesMoreThanTheDataIsRefused()
    {
        var small = Pictures.ColourPng(4, 4);
        var data = small.AsSpan()[41..^16].ToArray();
        Assert.Contains("damaged or cut off Png of 6000×6000", Assert.Throws<PictureException>(() => PictureDecoder.Decode(Pictures.OfChunks(6000, 6000, 2, 8, ("IDAT", data)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PicturesAreDecodedOnManyThreadsAtOnce()
    {
        var files = new[] { File.ReadAllBytes(Golden.Path("qwen2_5_vl", "image1.png")), Pictures.Photo(), Pictures.ColourPng(31, 17) };
        var expected = Array.ConvertAll(files, file => PictureDecoder.Decode(file).Pixels);
        Parallel.For(0, 120, i => Assert.Equal(expected[i % 3], PictureDecoder.Decode(files[i % 3]).Pixels));
    }

    private static byte[] All(int width, int height, Func<int, int, byte[]> colour) => [.. Enumerable.Range(0, width * height).SelectMany(i => colour(i % width, i / width))];

    /// <summary>Where the pixel that is stored at (row, column) is seen in a picture of 3 × 2; EXIF's own words for each value.</summary>
    private static (int X, int Y) Seen(int orientation, int row, int column) => orientation switch
    {
        1 => (column, row),             // row 0 is the top, column 0 the left
        2 => (2 - column, row),         // top, right
        3 => (2 - column, 1 - row),     // bottom, right
        4 => (column, 1 - row),         // bottom, left
        5 => (row, column),             // left, top
        6 => (2 - row, column),         // right, top
        7 => (2 - row, 1 - column),     // right, bottom
        _ => (row, 1 - column),         // left, bottom
    };
}

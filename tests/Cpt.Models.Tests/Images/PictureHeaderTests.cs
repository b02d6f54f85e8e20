using System.Text;

namespace Cpt.Models.Tests;

public sealed class PictureHeaderTests
{
    public static TheoryData<string, byte[], string> Refused => new()
    {
        { "an empty file", [], "is no PNG or JPEG: it begins with nothing" },
        { "a GIF", Encoding.ASCII.GetBytes("GIF89a......"), "is no PNG or JPEG: it begins with 474946383961" },
        { "a drawing", Encoding.ASCII.GetBytes("<svg xmlns='http://www.w3.org/2000/svg'/>"), "is no PNG or JPEG" },
        { "a PNG's signature alone", Pictures.ColourPng(2, 2)[..8], "without a header (IHDR): it is cut off" },
        { "a PNG cut in its header", Pictures.ColourPng(2, 2)[..20], "without a header (IHDR)" },
        { "a bomb", Pictures.OfChunks(100_000, 100_000, 2, 8), "is 100000×100000 pixels; expected at most 50000000" },
        { "the largest PNG", Pictures.OfChunks(uint.MaxValue, uint.MaxValue, 2, 8), "expected at most 50000000 pixels" },
        { "a PNG without pixels", Pictures.OfChunks(0, 4, 2, 8), "is 0×4 pixels; expected at least 1×1" },
        { "a JPEG's marker alone", [0xFF, 0xD8, 0xFF], "without a frame header: it is cut off" },
        { "a JPEG cut before its frame", Pictures.Photo()[..60], "without a frame header" },
        { "a JPEG without markers", [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 9, 9, 9, 9, 9], "byte 8 is 0x09; expected a marker" },
        { "a PNG cut in its data", Pictures.ColourPng(9, 9)[..70], "is a PNG of 70 bytes that ends before its last part (IEND): it is cut off" },
        { "a PNG whose last part is missing", Pictures.ColourPng(9, 9)[..^12], "ends before its last part (IEND)" },
        { "a JPEG cut in its data", Pictures.Photo()[..9000], "is a JPEG of 9000 bytes without an end (0xFFD9): it is cut off" },
        { "a JPEG in CMYK", Frame(components: 4), "is a JPEG in CMYK" },
        { "a JPEG of two components", Frame(components: 2), "is a JPEG of 2 components; expected 1 (grey) or 3 (colour)" },
        { "a JPEG of no height", Frame(components: 3, height: 0), "is 7×0 pixels; expected at least 1×1" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void WhatCannotBeReadIsRefusedByItsHeader(string what, byte[] file, string expected)
    {
        Assert.NotEmpty(what);
        Assert.Contains(expected, Assert.Throws<PictureException>(() => PictureHeader.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileLongerThanTheBoundIsNotLookedAt() =>
        Assert.Contains("expected at most 67108864", Assert.Throws<PictureException>(() => PictureHeader.Read(new byte[PictureLimits.Bytes + 1])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("image0.png", PictureFormat.Png)]
    [InlineData("grey.png", PictureFormat.Png)]
    [InlineData("photo.jpg", PictureFormat.Jpeg)]
    public void SizesAreThoseOfTheDecodedPicture(string name, PictureFormat format)
    {
        var file = File.ReadAllBytes(Golden.Path("qwen2_5_vl", name));
        var header = PictureHeader.Read(file);
        var picture = PictureDecoder.Decode(file);
        Assert.Equal((format, picture.Width, picture.Height, 1), (header.Format, header.Width, header.Height, header.Orientation));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(8, 8)]
    [InlineData(0, 1)]
    [InlineData(9, 1)]
    public void TheOrientationOfACameraIsFoundInBothByteOrders(int written, int expected)
    {
        Assert.Equal(expected, ExifOrientation.Of(Pictures.Exif(written, little: true)));
        Assert.Equal(expected, ExifOrientation.Of(Pictures.Exif(written, little: false)));
    }

    [Fact]
    public void AnExifBlockOfAnythingIsNoOrientation()
    {
        var random = new Random(1);
        var whole = Pictures.Exif(6, little: true);
        for (var i = 0; i < 2000; i++)
        {
            var block = whole[..random.Next(whole.Length + 1)];
            if (block.Length > 0)
            {
                block[random.Next(block.Length)] = (byte)random.Next(256);
            }

            Assert.InRange(ExifOrientation.Of(block), 1, 8);
        }
    }

    /// <summary>A JPEG of nothing but a frame header.</summary>
    private static byte[] Frame(int components, int height = 5) => [0xFF, 0xD8, 0xFF, 0xC0, 0, (byte)(8 + (3 * components)), 8, 0, (byte)height, 0, 7, (byte)components, .. new byte[3 * components], 0xFF, 0xD9];
}

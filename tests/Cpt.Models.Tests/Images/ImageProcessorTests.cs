namespace Cpt.Models.Tests;

public sealed class ImageProcessorTests
{
    private static readonly VisionConfig s_vision = ModelConfig.Load(Golden.Path("qwen2_5_vl")).Vision!;

    /// <summary>Sizes that transformers' smart_resize gives for a factor of 28, at least 3136 and at most 1003520 pixels.</summary>
    [Theory]
    [InlineData(56, 28, 84, 56)]
    [InlineData(1, 1, 56, 56)]
    [InlineData(640, 480, 644, 476)]
    [InlineData(4000, 3000, 1148, 840)]
    [InlineData(14, 14, 56, 56)]
    [InlineData(42, 42, 56, 56)] // 1.5 tokens a side round to the even number
    [InlineData(70, 70, 56, 56)] // and so do 2.5
    [InlineData(98, 98, 112, 112)]
    [InlineData(10, 1000, 28, 560)]
    [InlineData(1000, 30, 1008, 28)]
    public void SidesAreBroughtToMultiplesWithinTheArea(int width, int height, int expectedWidth, int expectedHeight) =>
        Assert.Equal((expectedWidth, expectedHeight), SmartResize.Of(width, height, 28, 3136, 1003520));

    [Theory]
    [InlineData(1, 10000)]
    [InlineData(10000, 1)]
    [InlineData(28, 5601)]
    public void ALineIsRefused(int width, int height)
    {
        var processor = new ImageProcessor(s_vision, new ImageProcessorSettings());
        Assert.Contains($"is {width}×{height} pixels, one side more than 200 times the other", Assert.Throws<PictureException>(() => processor.Tokens(width, height)).Message, StringComparison.Ordinal);
        var line = new RgbImage(width, height, new byte[width * height * 3]);
        Assert.Throws<PictureException>(() => processor.Process(line));
    }

    [Fact]
    public void ADecodedLineIsRefusedToo()
    {
        foreach (var (width, height) in new[] { (1, 10000), (10000, 1) })
        {
            var picture = PictureDecoder.Decode(Pictures.Png(width, height, 0, 8, _ => new byte[width]));
            Assert.Throws<PictureException>(() => new ImageProcessor(s_vision, new ImageProcessorSettings()).Process(picture));
        }
    }

    [Fact]
    public void APictureOfOneColourIsThatColourInEveryPatch()
    {
        var picture = new RgbImage(100, 60, [.. Enumerable.Range(0, 6000).SelectMany(_ => (byte[])[255, 0, 51])]);
        var patches = new ImageProcessor(s_vision, new ImageProcessorSettings()).Process(picture);
        Assert.Equal(new ImageGrid(1, 4, 8), patches.Grid);
        Assert.Equal(32 * 1176, patches.Values.Length);
        float[] expected = [(1 - 0.48145466f) / 0.26862954f, -0.4578275f / 0.26130258f, (0.2f - 0.40821073f) / 0.27577711f];
        for (var i = 0; i < patches.Values.Length; i++)
        {
            Assert.Equal(expected[i % 1176 / 392], patches.Values[i], 1e-5f);
        }
    }

    [Fact]
    public void PatchesStandInUnitsAndBothFramesAreThePicture()
    {
        // Each patch of 14 pixels has a shade of its own; 2 × 4 patches need no resizing.
        var pixels = new byte[56 * 28 * 3];
        for (var i = 0; i < 56 * 28; i++)
        {
            Array.Fill(pixels, (byte)(20 * ((i / 56 / 14 * 4) + (i % 56 / 14))), i * 3, 3);
        }

        var settings = new ImageProcessorSettings { MinimumPixels = 784, RescaleFactor = 1, Mean = [0, 0, 0], Deviation = [1, 1, 1] };
        var patches = new ImageProcessor(s_vision, settings).Process(new RgbImage(56, 28, pixels));
        Assert.Equal([0, 20, 80, 100, 40, 60, 120, 140], Enumerable.Range(0, 8).Select(patch => patches.Values[patch * 1176]));
        for (var patch = 0; patch < 8; patch++)
        {
            Assert.Single(patches.Values.AsSpan(patch * 1176, 1176).ToArray().Distinct());
        }
    }

    [Fact]
    public void ResizingToItsOwnSizeChangesNothing()
    {
        var picture = PictureDecoder.Decode(Pictures.Photo());
        Assert.Same(picture, BicubicResampling.Resize(picture, picture.Width, picture.Height));
    }

    [Fact]
    public void SettingsAreReadInBothSpellings()
    {
        var old = Settings("""{"min_pixels": 784, "max_pixels": 50176}""");
        var newer = Settings("""{"size": {"shortest_edge": 784, "longest_edge": 50176}}""");
        Assert.Equal((784, 50176), (old.MinimumPixels, old.MaximumPixels));
        Assert.Equal((784, 50176), (newer.MinimumPixels, newer.MaximumPixels));
        var within = ImageProcessorSettings.Of(CompanionFiles.Of([new("processor_config.json", """{"image_processor": {"min_pixels": 785}}""")]), s_vision);
        Assert.Equal(785, within.MinimumPixels);
        Assert.Equal(3136, ImageProcessorSettings.Of(CompanionFiles.None, s_vision).MinimumPixels);
    }

    [Fact]
    public void SettingsMadeHereAreReadBack()
    {
        var settings = new ImageProcessorSettings { MinimumPixels = 1568, MaximumPixels = 9000 };
        var read = Settings(settings.ToJson(s_vision));
        Assert.Equal((1568, 9000), (read.MinimumPixels, read.MaximumPixels));
        Assert.Equal(settings.Mean, read.Mean);
        Assert.Equal(settings.ToJson(s_vision), read.ToJson(s_vision));
    }

    [Theory]
    [InlineData("""{"patch_size": 16}""", "patch_size: 16 is not the 14 of config.json's vision_config")]
    [InlineData("""{"merge_size": 3}""", "merge_size: 3 is not the 2")]
    [InlineData("""{"do_normalize": false}""", "do_normalize: false is not supported")]
    [InlineData("""{"resample": 2}""", "resample: 2 is not supported; expected 3 (bicubic)")]
    [InlineData("""{"image_mean": [0.5, 0.5]}""", "image_mean: [0.5, 0.5] is wrong; expected three numbers")]
    [InlineData("""{"image_std": [0.5, 0, 1]}""", "image_std: [0.5, 0, 1] is wrong; expected three positive numbers")]
    [InlineData("""{"min_pixels": 5000, "max_pixels": 4000}""", "min_pixels: 5000 is more than max_pixels 4000")]
    [InlineData("""{"size": 4}""", "size: 4 is no object")]
    [InlineData("[]", "is a JSON Array; expected an object")]
    [InlineData("{", "is not JSON")]
    public void WrongSettingsAreRefusedByName(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<ModelFormatException>(() => Settings(json)).Message, StringComparison.Ordinal);

    private static ImageProcessorSettings Settings(string json) => ImageProcessorSettings.Of(CompanionFiles.Of([new(ImageProcessorSettings.FileName, json)]), s_vision);
}

namespace Cpt.Models;

/// <summary>Pictures to patches, as the image processor of Qwen2-VL in transformers does it: resize, normalise, cut.</summary>
public sealed class ImageProcessor
{
    private readonly VisionConfig _vision;
    private readonly ImageProcessorSettings _settings;

    /// <summary>Normalised values of each byte in each colour, [3, 256]: (byte · rescale − mean) / deviation.</summary>
    private readonly float[] _values = new float[3 * 256];

    public ImageProcessor(VisionConfig vision, ImageProcessorSettings settings)
    {
        (_vision, _settings) = (vision, settings);
        for (var colour = 0; colour < 3; colour++)
        {
            for (var value = 0; value < 256; value++)
            {
                var rescaled = (float)(value * settings.RescaleFactor);
                _values[(colour * 256) + value] = (rescaled - (float)settings.Mean[colour]) / (float)settings.Deviation[colour];
            }
        }
    }

    /// <summary>Of a model that reads images; null for one of text alone.</summary>
    /// <exception cref="ModelFormatException">The model's preprocessor_config.json is wrong.</exception>
    public static ImageProcessor? Of(CausalLM model) =>
        model.Config.Vision is { } vision ? new ImageProcessor(vision, ImageProcessorSettings.Of(model.Companions, vision)) : null;

    /// <summary>The patches that a picture of this size becomes; nothing is decoded for it.</summary>
    /// <exception cref="PictureException">The picture is a line.</exception>
    public ImageGrid Grid(int width, int height)
    {
        var (w, h) = Resized(width, height);
        return new ImageGrid(1, h / _vision.PatchSize, w / _vision.PatchSize);
    }

    /// <summary>Image tokens of a picture of this size.</summary>
    /// <exception cref="PictureException">The picture is a line.</exception>
    public int Tokens(int width, int height) => Grid(width, height).Tokens(_vision);

    /// <exception cref="PictureException">The picture is a line.</exception>
    public ImagePatches Process(RgbImage image)
    {
        var (width, height) = Resized(image.Width, image.Height);
        return Cut(BicubicResampling.Resize(image, width, height));
    }

    private (int Width, int Height) Resized(int width, int height) =>
        SmartResize.Of(width, height, _vision.PatchSize * _vision.SpatialMergeSize, _settings.MinimumPixels, _settings.MaximumPixels);

    /// <summary>Patches in units of merge × merge, each [colour, frame, y, x]; the picture fills all frames of a patch.</summary>
    private ImagePatches Cut(RgbImage image)
    {
        var (patch, merge, frames) = (_vision.PatchSize, _vision.SpatialMergeSize, _vision.TemporalPatchSize);
        var (rows, columns) = (image.Height / patch, image.Width / patch);
        var values = new float[checked(rows * columns * _vision.PatchElements)];
        var at = 0;
        for (var unit = 0; unit < rows / merge * (columns / merge); unit++)
        {
            var (top, left) = (unit / (columns / merge) * merge, unit % (columns / merge) * merge);
            for (var part = 0; part < merge * merge; part++)
            {
                var (y, x) = ((top + (part / merge)) * patch, (left + (part % merge)) * patch);
                for (var colour = 0; colour < 3; colour++)
                {
                    var first = values.AsSpan(at, patch * patch);
                    Fill(first, image, x, y, colour);
                    for (var frame = 1; frame < frames; frame++)
                    {
                        first.CopyTo(values.AsSpan(at + (frame * patch * patch)));
                    }

                    at += frames * patch * patch;
                }
            }
        }

        return new ImagePatches(values, new ImageGrid(1, rows, columns));
    }

    private void Fill(Span<float> to, RgbImage image, int left, int top, int colour)
    {
        var patch = _vision.PatchSize;
        for (var y = 0; y < patch; y++)
        {
            var row = image.Pixels.AsSpan((((top + y) * image.Width) + left) * 3);
            for (var x = 0; x < patch; x++)
            {
                to[(y * patch) + x] = _values[(colour * 256) + row[(x * 3) + colour]];
            }
        }
    }
}

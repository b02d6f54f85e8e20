using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>Images of demonstrations, each drawn for its step and forgotten after it.</summary>
internal sealed class DrawnPictures(ModelConfig config, ImageProcessor processor) : IPictures
{
    /// <summary>What a demonstration's sample calls its only image.</summary>
    public const string Name = "drawn";

    public ModelConfig Config { get; } = config;

    /// <summary>Shown by the next prompt.</summary>
    public Picture? Next { get; set; }

    public ImageSource Source(Sample sample, string image)
    {
        var picture = Next ?? throw new InvalidOperationException("no picture is drawn");
        return new ImageSource(processor.Grid(picture.Width, picture.Height), () => processor.Process(new RgbImage(picture.Width, picture.Height, picture.Pixels)));
    }
}

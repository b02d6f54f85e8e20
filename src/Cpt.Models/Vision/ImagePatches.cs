namespace Cpt.Models;

/// <summary>An image as the tower reads it: normalised pixels, cut into patches.</summary>
/// <param name="Values">[patches, colours·frames·rows·columns of a patch], units of merge × merge patches one after the other.</param>
/// <param name="Grid">How many patches.</param>
public sealed record ImagePatches(float[] Values, ImageGrid Grid);

/// <summary>
/// An image whose size is known and whose pixels are read when they are needed: a batch of prompts may name more pictures than memory holds. The same
/// object is the same image, which the tower computes once however many rows of a batch have it.
/// </summary>
/// <param name="grid">Its patches.</param>
/// <param name="load">Reads them; called from any thread.</param>
public sealed class ImageSource(ImageGrid grid, Func<ImagePatches> load)
{
    public ImageGrid Grid { get; } = grid;

    /// <exception cref="PictureException">The picture is damaged.</exception>
    public ImagePatches Load() => load();

    /// <summary>Of an image that is in memory.</summary>
    public static ImageSource Of(ImagePatches patches) => new(patches.Grid, () => patches);
}

/// <summary>An image of a prompt.</summary>
/// <param name="Column">Of its first image token in the prompt.</param>
/// <param name="Image">Its pixels.</param>
public sealed record PromptImage(int Column, ImageSource Image);

namespace Cpt.Models;

/// <summary>An image as the tower reads it: normalised pixels, cut into patches.</summary>
/// <param name="Values">[patches, colours·frames·rows·columns of a patch], units of merge × merge patches one after the other.</param>
/// <param name="Grid">How many patches.</param>
public sealed record ImagePatches(float[] Values, ImageGrid Grid);

/// <summary>An image of a prompt.</summary>
/// <param name="Column">Of its first image token in the prompt.</param>
/// <param name="Patches">Its pixels.</param>
public sealed record PromptImage(int Column, ImagePatches Patches);

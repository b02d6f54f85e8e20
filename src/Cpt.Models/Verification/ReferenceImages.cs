using System.Globalization;
using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// The images of a reference case: <c>pixel_values</c> and <c>image_grid_thw</c> in the case itself, or <c>images</c> [n] with numbers i of
/// <c>pixel_values.i</c> and <c>image_grid_thw.i</c> in a file <c>images.safetensors</c> beside the reference file.
/// </summary>
internal static class ReferenceImages
{
    public const string FileName = "images.safetensors";

    /// <returns>Null where the case has no images.</returns>
    /// <exception cref="ModelFormatException">Images are missing, or do not fit the case's tokens.</exception>
    public static ImageInput? Of(ReferenceCases cases, Tensor ids, ModelConfig config, Device device)
    {
        if (config.Vision is not { } vision)
        {
            return null;
        }

        var images = cases.Has("pixel_values") ? [Read(cases, "", vision)] : cases.Has("images") ? Beside(cases, vision) : [];
        var grids = images.SelectMany(image => image.Grids).ToList();
        try
        {
            var places = ImageInput.Find(ids.data<long>(), (int)ids.size(1), grids, config);
            return grids.Count == 0 ? null : new ImageInput(torch.cat(images.ConvertAll(image => image.Pixels).ToArray()).to(device), grids, places);
        }
        catch (ArgumentException exception)
        {
            throw new ModelFormatException(cases.File.Path, $"tensor '{cases.Prefix}input_ids': {exception.Message.Split(" (Parameter", 2)[0]}", exception);
        }
    }

    private static List<(Tensor Pixels, List<ImageGrid> Grids)> Beside(ReferenceCases cases, VisionConfig vision)
    {
        var numbers = cases.Whole("images");
        if (numbers.Length == 0)
        {
            return [];
        }

        using var file = SafetensorsFile.Open(Path.Combine(Path.GetDirectoryName(cases.File.Path)!, FileName));
        var images = new ReferenceCases(file);
        return [.. numbers.Select(number => Read(images, string.Create(CultureInfo.InvariantCulture, $".{number}"), vision))];
    }

    private static (Tensor Pixels, List<ImageGrid> Grids) Read(ReferenceCases cases, string suffix, VisionConfig vision)
    {
        var sizes = cases.Whole("image_grid_thw" + suffix);
        if (sizes.Length % 3 != 0)
        {
            throw new ModelFormatException(cases.File.Path, $"tensor 'image_grid_thw{suffix}' is {cases.Find("image_grid_thw" + suffix).Form}; expected three numbers an image");
        }

        var grids = sizes.Chunk(3).Select(size => new ImageGrid((int)size[0], (int)size[1], (int)size[2])).ToList();
        var pixels = Array.ConvertAll(cases.Numbers("pixel_values" + suffix), value => (float)value);
        var patches = grids.Sum(grid => grid.Patches);
        return pixels.Length == (long)patches * vision.PatchElements
            ? (torch.tensor<float>(pixels, patches, vision.PatchElements), grids)
            : throw new ModelFormatException(cases.File.Path, $"tensor 'pixel_values{suffix}' is {cases.Find("pixel_values" + suffix).Form}; expected [{patches}, {vision.PatchElements}] by image_grid_thw{suffix} and config.json");
    }
}

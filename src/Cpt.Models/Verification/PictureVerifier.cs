namespace Cpt.Models;

/// <summary>
/// Compares our image processor with reference pixels: every <c>pixel_values.x</c> and <c>image_grid_thw.x</c> of the files <c>images*.safetensors</c>
/// beside a reference file, x the name of a picture, or the number i of <c>image&lt;i&gt;.png</c> or <c>.jpg</c>.
/// </summary>
internal sealed class PictureVerifier
{
    private const string Pixels = "pixel_values.", Grid = "image_grid_thw.";

    private readonly string _directory;
    private readonly ImageProcessor _processor;
    private readonly List<TensorComparison> _compared;
    private readonly List<KeyValuePair<string, string>> _notComputable;

    private PictureVerifier(string directory, ImageProcessor processor, List<TensorComparison> compared, List<KeyValuePair<string, string>> notComputable) =>
        (_directory, _processor, _compared, _notComputable) = (directory, processor, compared, notComputable);

    /// <param name="modelDirectory">Has the preprocessor_config.json.</param>
    /// <param name="referenceDirectory">Has pixels and pictures.</param>
    /// <param name="vision">Of the model.</param>
    /// <param name="compared">Gets what could be computed.</param>
    /// <param name="notComputable">Gets the others.</param>
    public static void Verify(string modelDirectory, string referenceDirectory, VisionConfig vision, List<TensorComparison> compared, List<KeyValuePair<string, string>> notComputable)
    {
        var processor = new ImageProcessor(vision, ImageProcessorSettings.Of(CompanionFiles.Read(modelDirectory), vision));
        var verifier = new PictureVerifier(referenceDirectory, processor, compared, notComputable);
        foreach (var path in Directory.EnumerateFiles(referenceDirectory, "images*.safetensors").Order(StringComparer.Ordinal))
        {
            using var file = SafetensorsFile.Open(path);
            var cases = new ReferenceCases(file);
            foreach (var name in cases.Names.Where(name => name.StartsWith(Pixels, StringComparison.Ordinal)))
            {
                verifier.Compare(cases, name[Pixels.Length..]);
            }
        }
    }

    private void Compare(ReferenceCases cases, string picture)
    {
        var path = Array.Find([picture, $"image{picture}.png", $"image{picture}.jpg"], name => File.Exists(Path.Combine(_directory, name)));
        if (path is null)
        {
            _notComputable.Add(new(Pixels + picture, $"there is no picture {picture} or image{picture}.png beside the reference file"));
            return;
        }

        ImagePatches patches;
        try
        {
            patches = _processor.Process(PictureDecoder.Decode(File.ReadAllBytes(Path.Combine(_directory, path))));
        }
        catch (PictureLibraryException missing)
        {
            _notComputable.Add(new(Pixels + picture, missing.Message));
            return;
        }
        catch (PictureException wrong)
        {
            throw new ModelFormatException(Path.Combine(_directory, path), wrong.Message, wrong);
        }

        if (cases.Has(Grid + picture))
        {
            _compared.Add(cases.CompareExactly(Grid + picture, [patches.Grid.Frames, patches.Grid.Rows, patches.Grid.Columns]));
        }

        var values = Array.ConvertAll(patches.Values, value => (double)value);
        var comparison = cases.Compare(Pixels + picture, values, ComparisonMeasure.Absolute) with { Tolerance = Tolerances.Pixels };
        var reference = cases.Numbers(Pixels + picture);
        var mean = values.Zip(reference, (ours, theirs) => Math.Abs(ours - theirs)).Average();
        _compared.Add(comparison);
        _compared.Add(comparison with { Name = comparison.Name + " (mean)", MaxAbsolute = mean, MaxRelative = mean == 0 ? 0 : mean / reference.Max(Math.Abs), Tolerance = Tolerances.PixelMean });
    }
}

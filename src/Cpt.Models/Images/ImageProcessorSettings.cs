using System.Text.Json;

namespace Cpt.Models;

/// <summary><c>preprocessor_config.json</c>: how a picture becomes numbers. Defaults are those of Qwen2.5-VL.</summary>
public sealed record ImageProcessorSettings
{
    public const string FileName = "preprocessor_config.json";

    /// <summary>Where transformers 5 may put the same, under <c>image_processor</c>.</summary>
    internal const string ProcessorFileName = "processor_config.json";

    /// <summary>Pixels of area that a picture is brought to, at least.</summary>
    public long MinimumPixels { get; init; } = 56 * 56;

    /// <summary>Pixels of area that a picture is brought to, at most.</summary>
    public long MaximumPixels { get; init; } = 28 * 28 * 1280;

    /// <summary>Per byte.</summary>
    public double RescaleFactor { get; init; } = 1 / 255.0;

    public IReadOnlyList<double> Mean { get; init; } = [0.48145466, 0.4578275, 0.40821073];

    public IReadOnlyList<double> Deviation { get; init; } = [0.26862954, 0.26130258, 0.27577711];

    /// <summary>The file's text for a model made here.</summary>
    public string ToJson(VisionConfig vision) => JsonSerializer.Serialize(
        new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["do_convert_rgb"] = true,
            ["do_normalize"] = true,
            ["do_rescale"] = true,
            ["do_resize"] = true,
            ["image_mean"] = Mean,
            ["image_processor_type"] = "Qwen2VLImageProcessor",
            ["image_std"] = Deviation,
            ["max_pixels"] = MaximumPixels,
            ["merge_size"] = vision.SpatialMergeSize,
            ["min_pixels"] = MinimumPixels,
            ["patch_size"] = vision.PatchSize,
            ["resample"] = 3,
            ["rescale_factor"] = RescaleFactor,
            ["temporal_patch_size"] = vision.TemporalPatchSize,
        },
        ModelConfigWriter.Indented) + "\n";

    /// <summary>Of a model's files; defaults where they say nothing.</summary>
    /// <exception cref="ModelFormatException">A field is wrong, or asks for what is not computed here.</exception>
    public static ImageProcessorSettings Of(CompanionFiles files, VisionConfig vision)
    {
        var (name, bytes) = files.Find(FileName) is { } own ? (FileName, own) : (ProcessorFileName, files.Find(ProcessorFileName));
        if (bytes is null)
        {
            return new ImageProcessorSettings();
        }

        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(name, $"is a JSON {document.RootElement.ValueKind}; expected an object");
            }

            var fields = new ModelConfigFields(name, "", document.RootElement);
            var within = name == FileName ? fields : fields.Object("image_processor", "an object");
            return within is null ? new ImageProcessorSettings() : Read(within, vision);
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(name, $"is not JSON ({exception.Message})", exception);
        }
    }

    private static ImageProcessorSettings Read(ModelConfigFields fields, VisionConfig vision)
    {
        foreach (var step in (string[])["do_resize", "do_rescale", "do_normalize", "do_convert_rgb"])
        {
            if (fields.Present(step, out _) && !fields.Flag(step))
            {
                throw fields.Wrong(step, "false is not supported", "true");
            }
        }

        Same("patch_size", vision.PatchSize);
        Same("temporal_patch_size", vision.TemporalPatchSize);
        Same("merge_size", vision.SpatialMergeSize);
        if (fields.Size("resample", 3) != 3)
        {
            throw fields.Wrong("resample", $"{fields.Size("resample")} is not supported", "3 (bicubic)");
        }

        var defaults = new ImageProcessorSettings();
        var size = fields.Object("size", "an object with shortest_edge and longest_edge");
        var (minimum, maximum) = (
            fields.Size("min_pixels", size?.Size("shortest_edge", (int)defaults.MinimumPixels) ?? (int)defaults.MinimumPixels),
            fields.Size("max_pixels", size?.Size("longest_edge", (int)defaults.MaximumPixels) ?? (int)defaults.MaximumPixels));
        if (minimum > maximum)
        {
            throw fields.Wrong("min_pixels", $"{minimum} is more than max_pixels {maximum}", "at most as many");
        }

        return new ImageProcessorSettings
        {
            MinimumPixels = minimum,
            MaximumPixels = maximum,
            RescaleFactor = fields.Positive("rescale_factor", defaults.RescaleFactor),
            Mean = Colours("image_mean") ?? defaults.Mean,
            Deviation = Colours("image_std") is { } deviation
                ? deviation.All(value => value > 0) ? deviation : throw fields.Wrong("image_std", $"[{string.Join(", ", deviation)}] is wrong", "three positive numbers")
                : defaults.Deviation,
        };

        void Same(string name, int inConfig)
        {
            if (fields.Size(name, inConfig) is var found && found != inConfig)
            {
                throw fields.Wrong(name, $"{found} is not the {inConfig} of config.json's vision_config", "the same");
            }
        }

        double[]? Colours(string name)
        {
            if (!fields.Present(name, out var value))
            {
                return null;
            }

            var numbers = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number ? item.GetDouble() : double.NaN).ToArray() : [];
            return numbers.Length == 3 && Array.TrueForAll(numbers, double.IsFinite) ? numbers : throw fields.Wrong(name, value.GetRawText() + " is wrong", "three numbers, one for each colour");
        }
    }
}

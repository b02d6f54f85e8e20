using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>The images of one task as one model reads them. Sizes come from the files' headers, pixels when a batch needs them.</summary>
internal sealed class TaskPictures : IPictures
{
    private readonly TaskData _task;
    private readonly ImageProcessor _processor;
    private readonly PatchCache _cache = new();
    private readonly Dictionary<string, ImageSource> _sources = new(StringComparer.Ordinal);

    private TaskPictures(TaskData task, ModelConfig config, ImageProcessor processor) => (_task, Config, _processor) = (task, config, processor);

    /// <summary>Of the model; names its image tokens.</summary>
    public ModelConfig Config { get; }

    /// <returns>Null where no sample has an image.</returns>
    /// <exception cref="StageFailureException"><c>ImagesUnsupported</c>: the model reads text alone; <c>LibraryMissing</c>: pictures cannot be decoded here.</exception>
    public static TaskPictures? Of(TaskData task, CausalLM model)
    {
        if (!task.HasImages)
        {
            return null;
        }

        var processor = ImageProcessor.Of(model) ?? throw new StageFailureException(
            ExitCodes.BadSpec, "ImagesUnsupported",
            $"task {task.Name} shows images, but the model (model_type {model.Config.ModelType}) has no vision tower, so it cannot read them; use a Qwen2.5-VL model, or a task of text");
        if (task.Directory is not null)
        {
            try
            {
                PictureDecoder.RequireLibrary();
            }
            catch (PictureLibraryException missing)
            {
                throw new StageFailureException(ExitCodes.Internal, "LibraryMissing", $"task {task.Name}: {missing.Message}", missing);
            }
        }

        return new TaskPictures(task, model.Config, processor);
    }

    /// <summary>An image of a sample. The same image is the same object.</summary>
    /// <exception cref="StageFailureException"><c>BadImage</c>: by its header it cannot be read.</exception>
    public ImageSource Source(Sample sample, string image)
    {
        lock (_sources)
        {
            if (_sources.TryGetValue(image, out var known))
            {
                return known;
            }
        }

        var grid = Reading(sample, image, () =>
        {
            if (_task.Drawn(image) is { } drawn)
            {
                return _processor.Grid(drawn.Width, drawn.Height);
            }

            var header = PictureHeader.Read(_task.ImageFile(image));
            return _processor.Grid(header.Width, header.Height);
        });
        var source = new ImageSource(grid, () => _cache.Get(image, () => Reading(sample, image, () => _processor.Process(Pixels(image)))));
        lock (_sources)
        {
            _sources.TryAdd(image, source);
            return _sources[image];
        }
    }

    private RgbImage Pixels(string image) => _task.Drawn(image) is { } drawn
        ? new RgbImage(drawn.Width, drawn.Height, drawn.Pixels)
        : PictureDecoder.Decode(_task.ImageFile(image));

    private T Reading<T>(Sample sample, string image, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (PictureException wrong)
        {
            throw new StageFailureException(ExitCodes.BadData, "BadImage", $"task {_task.Name}, sample {sample.Id}: image '{image}' {wrong.Message}", wrong);
        }
    }
}

using Cpt.Torch;

namespace Cpt.Models;

/// <summary>Where an image stands in a batch of token ids.</summary>
/// <param name="Row">Of the batch.</param>
/// <param name="Column">Of its first image token; the others follow it without a gap.</param>
/// <param name="Image">Which of the batch's images it is; several rows may have the same one.</param>
public readonly record struct PlacedImage(int Row, int Column, int Image);

/// <summary>The images of one forward pass.</summary>
/// <param name="PixelValues">Float32 [patches of all images, numbers of a patch].</param>
/// <param name="Grids">Of the images, in the same order.</param>
/// <param name="Places">Where they stand, by row and column.</param>
public sealed record ImageInput(Tensor PixelValues, IReadOnlyList<ImageGrid> Grids, IReadOnlyList<PlacedImage> Places)
{
    /// <summary>The images of several prompts, one below the other. Reads their pixels.</summary>
    /// <param name="rows">Of each row, by column.</param>
    /// <param name="starts">Column at which each row's prompt begins; null where all begin at 0.</param>
    /// <param name="config">Of the model.</param>
    /// <param name="device">Where they are put.</param>
    /// <returns>Null where no row has images.</returns>
    public static ImageInput? Of(IReadOnlyList<IReadOnlyList<PromptImage>> rows, long[]? starts, ModelConfig config, Device device)
    {
        var places = new List<PlacedImage>();
        var numbers = new Dictionary<ImageSource, int>(ReferenceEqualityComparer.Instance);
        for (var row = 0; row < rows.Count; row++)
        {
            foreach (var (column, image) in rows[row])
            {
                numbers.TryAdd(image, numbers.Count);
                places.Add(new PlacedImage(row, column + (int)(starts?[row] ?? 0), numbers[image]));
            }
        }

        if (places.Count == 0)
        {
            return null;
        }

        var vision = config.Vision ?? throw new ArgumentException($"the model ({config.ModelType}) has no vision tower, so it cannot read images", nameof(config));
        var images = numbers.Keys.ToList();
        var pixels = torch.empty([images.Sum(image => (long)image.Grid.Patches), vision.PatchElements]);
        var first = 0L;
        foreach (var image in images)
        {
            using var rowsOfImage = pixels.narrow(0, first, image.Grid.Patches);
            rowsOfImage.CopyFrom<float>(image.Load().Values);
            first += image.Grid.Patches;
        }

        return new ImageInput(pixels.upload(device), images.ConvertAll(image => image.Grid), places);
    }

    /// <summary>
    /// Finds images by their tokens: each takes the next run of image tokens, row by row. Use it where token ids are all there is; a policy may
    /// have sampled an image token as if it were a word.
    /// </summary>
    /// <param name="ids">Int64 [B, T], row-major.</param>
    /// <param name="columns">T.</param>
    /// <param name="grids">Of the images, in the order of rows and columns.</param>
    /// <param name="config">Says which token stands for an image.</param>
    /// <exception cref="ArgumentException">Tokens and images do not fit.</exception>
    public static IReadOnlyList<PlacedImage> Find(ReadOnlySpan<long> ids, int columns, IReadOnlyList<ImageGrid> grids, ModelConfig config)
    {
        var vision = config.Vision ?? throw new ArgumentException($"the model ({config.ModelType}) has no vision tower; expected no images, found {grids.Count}", nameof(config));
        var tokens = ids.Count(config.ImageTokenId);
        var expected = grids.Sum(grid => grid.Tokens(vision));
        if (tokens != expected)
        {
            throw new ArgumentException($"{tokens} image tokens (id {config.ImageTokenId}) for {grids.Count} images of {expected} tokens; expected as many tokens as images have", nameof(ids));
        }

        var places = new List<PlacedImage>(grids.Count);
        for (var at = 0; at < ids.Length;)
        {
            if (ids[at] != config.ImageTokenId)
            {
                at++;
                continue;
            }

            var (row, column, grid) = (at / columns, at % columns, grids[places.Count]);
            var length = grid.Tokens(vision);
            if (column + length > columns || ids.Slice(at, length).ContainsAnyExcept(config.ImageTokenId))
            {
                throw new ArgumentException(
                    $"row {row}: the image tokens from column {column} on are fewer than the {length} of image {places.Count} (grid {grid}); expected one run of tokens for each image", nameof(ids));
            }

            places.Add(new PlacedImage(row, column, places.Count));
            at += length;
        }

        return places;
    }

    /// <exception cref="ArgumentException">Pixels, grids and model do not fit.</exception>
    internal void Check(ModelConfig config, long rows, long columns)
    {
        var vision = config.Vision ?? throw new ArgumentException($"the model ({config.ModelType}) has no vision tower, so it cannot read images");
        foreach (var grid in Grids)
        {
            grid.Check(vision);
        }

        foreach (var (row, column, image) in Places)
        {
            var grid = Grids[image];
            if (row < 0 || row >= rows || column < 0 || column + grid.Tokens(vision) > columns)
            {
                throw new ArgumentException($"an image of {grid.Tokens(vision)} tokens at row {row}, column {column} does not fit a batch of {rows} × {columns} tokens");
            }
        }

        var patches = Grids.Sum(grid => (long)grid.Patches);
        if (PixelValues.dim() != 2 || PixelValues.size(0) != patches || PixelValues.size(1) != vision.PatchElements)
        {
            throw new ArgumentException($"pixel values have shape [{string.Join(", ", PixelValues.shape)}]; expected [{patches}, {vision.PatchElements}], the patches of {Grids.Count} images");
        }
    }

    /// <summary>Places of the image tokens in the flattened batch, and which of the tower's tokens each of them is.</summary>
    /// <returns>Int64 [image tokens of all rows] twice; the second null where they are the tower's tokens in order.</returns>
    internal (Tensor Places, Tensor? Tokens) Indices(VisionConfig vision, long columns, Device device)
    {
        var first = new long[Grids.Count];
        for (var i = 1; i < first.Length; i++)
        {
            first[i] = first[i - 1] + Grids[i - 1].Tokens(vision);
        }

        var places = new List<long>();
        var tokens = new List<long>();
        foreach (var (row, column, image) in Places)
        {
            for (var i = 0; i < Grids[image].Tokens(vision); i++)
            {
                places.Add((row * columns) + column + i);
                tokens.Add(first[image] + i);
            }
        }

        var inOrder = Places.Count == Grids.Count && Places.Select((place, i) => place.Image == i).All(same => same);
        return (Index(places), inOrder ? null : Index(tokens));

        Tensor Index(List<long> values) => torch.tensor<long>(values.ToArray(), values.Count).to(device);
    }
}

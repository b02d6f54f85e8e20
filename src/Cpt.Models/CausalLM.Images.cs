using Cpt.Torch;

namespace Cpt.Models;

public sealed partial class CausalLM
{
    /// <summary>The image tower alone.</summary>
    /// <param name="images">As in <see cref="forward"/>; where they stand plays no part.</param>
    /// <returns>[image tokens, D], in the order of the images.</returns>
    /// <exception cref="ArgumentException">The model has no tower, or pixels and grids do not fit.</exception>
    public Tensor image_features(ImageInput images)
    {
        (images with { Places = [] }).Check(Config, 0, 0);
        return _vision!.Forward(images.PixelValues, images.Grids);
    }

    /// <summary>Embeddings of tokens, with the image tower's features in the places of image tokens.</summary>
    /// <returns>[B·T, D].</returns>
    private Tensor Embedded(Tensor inputIds, ImageInput? images, PackedWeights? packed, Dropout? dropout = null)
    {
        var x = torch.nn.functional.embedding(inputIds, _embedding).view(-1, Config.HiddenSize);
        if (images is not { Places.Count: > 0 })
        {
            return x;
        }

        images.Check(Config, inputIds.size(0), inputIds.size(1));
        if (packed is null)
        {
            _vision!.CheckpointAnchor = TowerAnchor();
        }

        var features = _vision!.Forward(images.PixelValues, images.Grids, packed, dropout);
        var (places, tokens) = images.Indices(Config.Vision!, inputIds.size(1), x.device);
        features = tokens is null ? features : features.index_select(0, tokens);
        return x.index_copy_(0, places, features.to(x.dtype));
    }

    private (SequenceBatch Batch, long[] Deltas) Placed(long rows, long columns, Tensor? mask, ImageInput images)
    {
        images.Check(Config, rows, columns);
        var seen = mask?.ne(0).cpu().contiguous().data<bool>();
        var positions = MultimodalPositions.Of(rows, columns, seen, images.Grids, images.Places, Config.Vision!);
        return (SequenceBatch.Multimodal(rows, columns, positions.Values, mask, _rotary, Config.RopeSections, device), positions.Deltas);
    }

    /// <summary>Prompts that fill an empty cache; later columns find their positions in it.</summary>
    private SequenceBatch PlacedPrompts(KeyValueCache cache, long columns, ImageInput images)
    {
        var mask = cache.Starts is { } starts ? torch.arange(columns, device: starts.device).ge(starts.unsqueeze(1)) : null; // [rows, columns]
        var (batch, deltas) = Placed(cache.Rows, columns, mask, images);
        cache.Shift(deltas);
        return batch with { Starts = cache.Starts, Cache = cache };
    }
}

using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// The image tower of Qwen2.5-VL: patches → vectors, blocks of attention within windows and (some) within the whole image, units of patches merged
/// into tokens of the decoder.
/// </summary>
internal sealed class VisionTower : IDisposable
{
    private readonly VisionConfig _config;
    private readonly RotaryTable _rotary;
    private readonly Projection _patches;
    private readonly VisionBlock[] _blocks;
    private readonly PatchMerger _merger;

    public VisionTower(VisionConfig config, IReadOnlyDictionary<string, Tensor> weights, Device device, ScalarType rotaryFrequencies)
    {
        _config = config;
        _patches = new Projection(VisionWeights.PatchEmbedding, weights[VisionWeights.PatchEmbedding]);
        _blocks = [.. Enumerable.Range(0, config.Depth).Select(index => new VisionBlock(config, index, weights))];
        _merger = new PatchMerger(config, weights);
        _rotary = new RotaryTable(config.HeadDim / 2, theta: 10_000, device, rows: 64, rotaryFrequencies);
    }

    /// <summary>As <see cref="CausalLM.ByLibrary"/>.</summary>
    public bool ByLibrary { get; set; }

    public IEnumerable<Projection> Projections => [_patches, .. _blocks.SelectMany(block => block.Projections), .. _merger.Projections];

    /// <summary>A trained tensor where the blocks are to be computed again in the backward pass; else null.</summary>
    public Tensor? CheckpointAnchor { get; set; }

    /// <param name="pixels">[patches of all images, colours·frames·rows·columns of a patch], as the image processor gives them.</param>
    /// <param name="grids">Of the images, in order.</param>
    /// <param name="packed">As in <see cref="VisionBlock.Forward"/>.</param>
    /// <param name="dropout">Of this pass, where adapters are trained.</param>
    /// <returns>[image tokens, hidden of the decoder], in the order of the images.</returns>
    public Tensor Forward(Tensor pixels, IReadOnlyList<ImageGrid> grids, PackedWeights? packed = null, Dropout? dropout = null)
    {
        using var scope = torch.NewDisposeScope();
        var batch = VisionBatch.Of(grids, _config, _rotary, pixels.device, ByLibrary, dropout);

        // A convolution whose step is its width is a matrix product.
        var x = _patches.Forward(pixels.to(_patches.Weight.dtype), packed); // [patches, hidden]
        x = x.view(-1, _config.MergeUnit, _config.HiddenSize).index_select(0, batch.Order).view(-1, _config.HiddenSize);
        foreach (var block in _blocks)
        {
            x = CheckpointAnchor is { } anchor && torch.is_grad_enabled() ? Again(block, x, batch, anchor) : block.Forward(x, batch, packed);
        }

        return _merger.Forward(x, packed, dropout).index_select(0, batch.Restore).MoveToOuterDisposeScope();
    }

    private static Tensor Again(VisionBlock block, Tensor x, VisionBatch batch, Tensor anchor)
    {
        var (kept, tensors) = batch.Kept();
        return torch.checkpoint.run(x, anchor, input => block.Forward(input, kept, null), tensors);
    }

    public void Dispose() => _rotary.Dispose();
}

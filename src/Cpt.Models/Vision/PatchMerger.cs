using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>merge × merge neighbouring patches become one token of the decoder: norm each, join them, linear, GELU, linear.</summary>
internal sealed class PatchMerger(VisionConfig config, IReadOnlyDictionary<string, Tensor> weights)
{
    private readonly Tensor _norm = weights["visual.merger.ln_q.weight"];
    private readonly Tensor _in = weights["visual.merger.mlp.0.weight"], _inBias = weights["visual.merger.mlp.0.bias"];
    private readonly Tensor _out = weights["visual.merger.mlp.2.weight"], _outBias = weights["visual.merger.mlp.2.bias"];

    public IEnumerable<Tensor> Matrices => [_in, _out];

    /// <param name="x">[patches, hidden], those of a unit one after the other.</param>
    /// <param name="packed">As in <see cref="VisionBlock.Forward"/>.</param>
    /// <returns>[units, hidden of the decoder].</returns>
    public Tensor Forward(Tensor x, PackedWeights? packed)
    {
        var joined = rms_norm(x, _norm, VisionConfig.NormEps).view(-1, (long)config.HiddenSize * config.MergeUnit);
        return PackedWeights.Product(packed, PackedWeights.Product(packed, joined, _in, _inBias).gelu(), _out, _outBias);
    }
}

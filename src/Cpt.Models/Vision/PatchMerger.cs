using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>merge × merge neighbouring patches become one token of the decoder: norm each, join them, linear, GELU, linear.</summary>
internal sealed class PatchMerger(VisionConfig config, IReadOnlyDictionary<string, Tensor> weights)
{
    private readonly Tensor _norm = weights["visual.merger.ln_q.weight"];
    private readonly Projection _in = Matrix(weights, "visual.merger.mlp.0"), _out = Matrix(weights, "visual.merger.mlp.2");

    public IEnumerable<Projection> Projections => [_in, _out];

    /// <param name="x">[patches, hidden], those of a unit one after the other.</param>
    /// <param name="packed">As in <see cref="VisionBlock.Forward"/>.</param>
    /// <param name="dropout">On what changes of the matrices read.</param>
    /// <returns>[units, hidden of the decoder].</returns>
    public Tensor Forward(Tensor x, PackedWeights? packed, Dropout? dropout)
    {
        var joined = rms_norm(x, _norm, VisionConfig.NormEps).view(-1, (long)config.HiddenSize * config.MergeUnit);
        return _out.Forward(_in.Forward(joined, packed, dropout).gelu(), packed, dropout);
    }

    private static Projection Matrix(IReadOnlyDictionary<string, Tensor> weights, string name) => new(name + ".weight", weights[name + ".weight"], weights[name + ".bias"]);
}

using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>
/// O-LoRA (Wang et al. 2023, arXiv:2310.14152): λ Σ over layers and earlier adapters of Σ |A_old · A_newᵀ|, the sum over all entries, as the authors' code has it. The rows of A span the inputs an adapter
/// looks at: where they are orthogonal to those of earlier adapters, the new change leaves alone what the earlier ones read. Gradient with O = A_old · A_newᵀ [r_old, r_new]: λ sign(O)ᵀ · A_old.
/// Ranks may differ; a layer that only one of two adapters changes adds nothing.
/// </summary>
internal sealed class OrthogonalLora : IWeightPenalty
{
    private readonly double _lambda;
    private readonly LoraAdapter _adapter;
    private readonly ILookup<string, Tensor> _earlier;
    private readonly IReadOnlyList<LoraAdapter> _owned;

    /// <param name="lambda">λ.</param>
    /// <param name="adapter">The one that is trained.</param>
    /// <param name="earlier">Those of earlier stages; disposed here.</param>
    public OrthogonalLora(double lambda, LoraAdapter adapter, IReadOnlyList<LoraAdapter> earlier)
    {
        (_lambda, _adapter, _owned) = (lambda, adapter, earlier);
        _earlier = earlier.SelectMany(old => old.Layers()).ToLookup(layer => layer.Layer, layer => layer.A.DetachFromDisposeScope(), StringComparer.Ordinal);
    }

    public double Value()
    {
        using var unrecorded = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var parts = new List<Tensor>();
        foreach (var (layer, a, _) in _adapter.Layers())
        {
            parts.AddRange(_earlier[layer].Select(old => old.matmul(a.to(ScalarType.Float32).t()).abs().sum()));
        }

        return _lambda * Sums.Of(parts);
    }

    public Tensor? Gradient(int place)
    {
        if (!_adapter.IsA(place)) return null;
        var parameter = _adapter.Parameters[place].Value;
        var gradient = torch.zeros_like(parameter, ScalarType.Float32);
        foreach (var (layer, part) in _adapter.PartsOfA(place, gradient))
        {
            var a = _adapter.PartsOfA(place, parameter.detach()).First(known => known.Layer == layer).Part.to(ScalarType.Float32);
            foreach (var old in _earlier[layer]) part.addmm_(old.matmul(a.t()).sign().t(), old * _lambda);
        }

        return gradient.to(parameter.dtype);
    }

    public void Dispose()
    {
        foreach (var layer in _earlier)
        {
            foreach (var a in layer) a.Dispose();
        }

        foreach (var adapter in _owned) adapter.Dispose();
    }
}

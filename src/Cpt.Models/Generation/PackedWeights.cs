using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>
/// A model's matrices in the order that decoding reads them: copied once for a whole generation, where a BLAS would copy them at every product.
/// Shared by all threads.
/// </summary>
internal sealed class PackedWeights : IDisposable
{
    private readonly Dictionary<Tensor, Tensor> _panels;

    private PackedWeights(Dictionary<Tensor, Tensor> panels) => _panels = panels;

    /// <summary>Copies matrices as they are now, float32 on the CPU, with what a low-rank change adds to them.</summary>
    /// <param name="projections">Of the layers.</param>
    /// <param name="head">The output head.</param>
    public static PackedWeights Of(IEnumerable<Projection> projections, Tensor head)
    {
        using var none = torch.no_grad();
        var panels = new Dictionary<Tensor, Tensor> { [head] = pack_linear(head).DetachFromDisposeScope() };
        foreach (var projection in projections)
        {
            using var scope = torch.NewDisposeScope();
            panels.Add(projection.Weight, pack_linear(Projection.Flat(projection.Merged())).DetachFromDisposeScope());
        }

        return new PackedWeights(panels);
    }

    /// <summary>input · weightᵀ + bias + add.</summary>
    public Tensor Linear(Tensor input, Tensor weight, Tensor? bias = null, Tensor? add = null) => packed_linear(input, _panels[weight], weight.size(0), bias, add);

    public void Dispose()
    {
        foreach (var panels in _panels.Values)
        {
            panels.Dispose();
        }
    }
}

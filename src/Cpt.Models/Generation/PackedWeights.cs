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

    /// <summary>Copies matrices as they are now, float32 on the CPU.</summary>
    public static PackedWeights Of(IEnumerable<Tensor> matrices)
    {
        using var none = torch.no_grad();
        return new PackedWeights(matrices.ToDictionary(matrix => matrix, matrix => pack_linear(Flat(matrix)).DetachFromDisposeScope()));
    }

    /// <summary>input · weightᵀ + bias, packed or not; a weight of more dimensions counts as the matrix of its first one.</summary>
    public static Tensor Product(PackedWeights? packed, Tensor input, Tensor weight, Tensor? bias = null) =>
        packed is null ? linear(input, Flat(weight), bias) : packed.Linear(input, weight, bias);

    /// <summary>input · weightᵀ + bias + add.</summary>
    public Tensor Linear(Tensor input, Tensor weight, Tensor? bias = null, Tensor? add = null) => packed_linear(input, _panels[weight], weight.size(0), bias, add);

    public void Dispose()
    {
        foreach (var panels in _panels.Values)
        {
            panels.Dispose();
        }
    }

    private static Tensor Flat(Tensor weight) => weight.dim() > 2 ? weight.flatten(1) : weight;
}

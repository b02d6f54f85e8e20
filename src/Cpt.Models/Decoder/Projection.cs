using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>A matrix that a layer multiplies its input with, and the low-rank change that may stand beside it.</summary>
/// <param name="name">Of the trained tensor, <see cref="NamedParameter.Name"/>.</param>
/// <param name="weight">[out, in], or [out, …] that counts as the matrix of its first dimension.</param>
/// <param name="bias">[out], or null.</param>
internal sealed class Projection(string name, Tensor weight, Tensor? bias = null)
{
    public string Name { get; } = name;

    public Tensor Weight { get; } = weight;

    /// <summary>Null: the matrix alone.</summary>
    public LowRank? Change { get; set; }

    public bool IsTrained => Change is not null || Weight.requires_grad;

    private LowRank? Active => Change is { On: true } ? Change : null;

    /// <summary>input · Wᵀ + bias.</summary>
    /// <param name="input">[n, in].</param>
    /// <param name="packed">The matrices laid out for generation, their changes added in; null: as they are.</param>
    /// <param name="dropout">On the input of the change; null outside of training.</param>
    public Tensor Forward(Tensor input, PackedWeights? packed, Dropout? dropout = null)
    {
        if (packed is not null)
        {
            return packed.Linear(input, Weight, bias);
        }

        var y = linear(input, Flat(Weight), bias);
        return Active is { } change ? change.Added(y, input, dropout) : y;
    }

    /// <summary>x + input · Wᵀ in one product; in x itself where libtorch would copy x first and nobody else reads it.</summary>
    /// <param name="x">[n, out].</param>
    /// <param name="input">[n, in].</param>
    /// <param name="batch">In generation nobody else reads x.</param>
    public Tensor AddedTo(Tensor x, Tensor input, SequenceBatch batch)
    {
        if (batch.Packed is { } packed)
        {
            return packed.Linear(input, Weight, add: x);
        }

        var inPlace = batch is { ByLibrary: true, Cache: not null };
        var y = inPlace ? x.addmm_(input, Weight.t()) : torch.addmm(x, input, Weight.t());
        if (Active is not { } change)
        {
            return y;
        }

        var changed = change.Added(y, input, batch.Dropout);
        return inPlace ? y.copy_(changed) : changed;
    }

    /// <summary>The matrix as generation is to see it; a copy where a change is added.</summary>
    public Tensor Merged() => Active is { } change ? change.Merged(Weight) : Weight;

    internal static Tensor Flat(Tensor weight) => weight.dim() > 2 ? weight.flatten(1) : weight;
}

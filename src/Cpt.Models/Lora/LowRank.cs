using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>
/// The low-rank change of one matrix in memory: W + s·B·A, A of [r, in] and B of [out, r]. A matrix that holds several layers (q, k, v) has an A and a B for each
/// of its targets, which lie below one another:
/// <code>
/// u = x·Aᵀ                    [n, targets·r], all A in one product
/// y = x·Wᵀ + s·u·Cᵀ           C [out, targets·r]: the B of each target in its rows and its columns, 0 elsewhere
/// </code>
/// </summary>
internal sealed class LowRank : IDisposable
{
    private readonly IReadOnlyList<WeightLayout.Part> _targets;
    private readonly int _index;
    private readonly long _rows;
    private readonly double _scaling;
    private readonly int _rank;

    /// <param name="layout">Of the matrix.</param>
    /// <param name="index">Number of the matrix in its model.</param>
    /// <param name="targets">Those of its parts that change, in order.</param>
    /// <param name="options">Rank and scaling.</param>
    /// <param name="a">[targets·r, in].</param>
    /// <param name="b">[rows of the targets, r].</param>
    public LowRank(WeightLayout layout, int index, IReadOnlyList<WeightLayout.Part> targets, LoraOptions options, Tensor a, Tensor b)
    {
        (_index, _targets, _rows, _rank, _scaling) = (index, targets, layout.Shape[0], options.Rank, options.Scaling);
        var stem = layout.Name[..^".weight".Length];
        A = new NamedParameter(stem + ".lora_A.weight", a);
        B = new NamedParameter(stem + ".lora_B.weight", b);
    }

    public NamedParameter A { get; }

    public NamedParameter B { get; }

    /// <summary>Off: the matrix alone counts, as for a KL reference.</summary>
    public bool On { get; set; } = true;

    /// <summary>Each target under its name on disk, as views of <see cref="A"/> and <see cref="B"/>.</summary>
    /// <param name="select">Value or gradient.</param>
    public IEnumerable<(string Layer, Tensor A, Tensor B)> OnDisk(Func<NamedParameter, Tensor> select)
    {
        var row = 0L;
        foreach (var (i, target) in _targets.Index())
        {
            yield return (target.Name[..^".weight".Length], select(A).narrow(0, (long)i * _rank, _rank), select(B).narrow(0, row, target.Rows));
            row += target.Rows;
        }
    }

    /// <summary>y + s·(dropped x)·Aᵀ·Cᵀ.</summary>
    /// <param name="y">[n, out].</param>
    /// <param name="x">[n, in].</param>
    /// <param name="dropout">On x.</param>
    public Tensor Added(Tensor y, Tensor x, Dropout? dropout)
    {
        using var scope = torch.NewDisposeScope();
        var input = dropout is null ? x : dropout.Of(x, _index);
        var u = linear(input, A.Value.to(x.dtype)) * _scaling; // [n, targets·r]
        return torch.addmm(y, u.to(y.dtype), Columns().to(y.dtype).t()).MoveToOuterDisposeScope();
    }

    /// <summary>W + s·B·A, computed in float32 and rounded once.</summary>
    /// <param name="weight">[out, …].</param>
    public Tensor Merged(Tensor weight)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var merged = weight.detach().clone();
        MergeInto(merged);
        return merged.MoveToOuterDisposeScope();
    }

    /// <summary>The same in place.</summary>
    public void MergeInto(Tensor weight)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        foreach (var ((_, a, b), target) in OnDisk(parameter => parameter.Value).Zip(_targets))
        {
            var rows = weight.narrow(0, target.FirstRow, target.Rows);
            var change = b.to(ScalarType.Float32).matmul(a.to(ScalarType.Float32)) * _scaling; // [rows, in]
            rows.copy_(rows.to(ScalarType.Float32) + change.view(rows.shape));
        }
    }

    public void Dispose()
    {
        A.Value.Dispose();
        B.Value.Dispose();
    }

    /// <returns>C [out, targets·r].</returns>
    private Tensor Columns()
    {
        var b = B.Value;
        if (_targets.Count == 1 && _targets[0].Rows == _rows)
        {
            return b;
        }

        var columns = (long)_targets.Count * _rank;
        Tensor Nothing(long rows, long width) => torch.zeros([rows, width], b.dtype, b.device);
        var rows = new List<Tensor>();
        var (row, taken) = (0L, 0L);
        foreach (var (i, target) in _targets.Index())
        {
            if (target.FirstRow > row)
            {
                rows.Add(Nothing(target.FirstRow - row, columns));
            }

            var own = new List<Tensor> { b.narrow(0, taken, target.Rows) };
            if (i > 0)
            {
                own.Insert(0, Nothing(target.Rows, (long)i * _rank));
            }

            if (i < _targets.Count - 1)
            {
                own.Add(Nothing(target.Rows, columns - ((i + 1L) * _rank)));
            }

            rows.Add(own.Count == 1 ? own[0] : torch.cat(own.ToArray(), 1));
            (row, taken) = (target.FirstRow + target.Rows, taken + target.Rows);
        }

        if (row < _rows)
        {
            rows.Add(Nothing(_rows - row, columns));
        }

        return rows.Count == 1 ? rows[0] : torch.cat(rows.ToArray());
    }
}

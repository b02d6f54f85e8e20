using Cpt.Torch;

namespace Cpt.Models;

/// <summary>What all layers of one forward pass share.</summary>
/// <param name="Rows">B.</param>
/// <param name="Columns">T: new tokens of each row.</param>
/// <param name="Cos">Float32 (the weights' type in <see cref="ForLibrary"/>), [T, headDim/2], or [B, T, headDim/2] where rows have positions of their own.</param>
/// <param name="Sin">As <paramref name="Cos"/>.</param>
/// <param name="Starts">Int64 [B]: columns of padding before each row's first token; null where there are none.</param>
/// <param name="Hidden">Bool [B, T]: columns that nobody may see, where they are not simply left padding; else null.</param>
/// <param name="Cache">Keys and values of earlier columns; null for a whole sequence at once.</param>
internal sealed record SequenceBatch(long Rows, long Columns, Tensor Cos, Tensor Sin, Tensor? Starts, Tensor? Hidden, KeyValueCache? Cache)
{
    /// <summary>The matrices laid out for decoding; null: as they are.</summary>
    public PackedWeights? Packed { get; init; }

    /// <summary>
    /// Set where sequences of several lengths stand one after the other in a single row: those of equal length together, one group after the other. Attention is within each; all else
    /// sees tokens. Positions are the groups' own.
    /// </summary>
    public IReadOnlyList<SequenceBatch>? Groups { get; init; }

    /// <summary>Of this pass, where adapters are trained with one; else null.</summary>
    public Dropout? Dropout { get; init; }

    /// <summary>Attention is computed by libtorch's kernels, not by ours: the tensors are not on the CPU.</summary>
    public bool ByLibrary { get; init; }

    /// <summary>Of <see cref="LibraryAttention.Mask"/>; null where a causal mask is all there is, or where our kernels read <see cref="Starts"/> themselves.</summary>
    public Tensor? Mask { get; init; }

    /// <summary>The same pass over tensors of its own, for whoever reads them after this pass's scope has ended.</summary>
    public (SequenceBatch Batch, Tensor?[] Tensors) Kept()
    {
        var tensors = new List<Tensor?>();
        return (Kept(this), tensors.ToArray());

        SequenceBatch Kept(SequenceBatch batch) => batch with
        {
            Cos = Keep(batch.Cos)!, Sin = Keep(batch.Sin)!, Starts = Keep(batch.Starts), Hidden = Keep(batch.Hidden), Mask = Keep(batch.Mask),
            Groups = batch.Groups is { } groups ? [.. groups.Select(Kept)] : null,
        };

        Tensor? Keep(Tensor? tensor)
        {
            tensors.Add(tensor?.alias().DetachFromDisposeScope());
            return tensors[^1];
        }
    }

    /// <summary>The same pass for libtorch's attention.</summary>
    /// <param name="dtype">Of the weights.</param>
    public SequenceBatch ForLibrary(ScalarType dtype)
    {
        if (Groups is not null)
        {
            return this with { ByLibrary = true, Groups = [.. Groups.Select(group => group.ForLibrary(dtype))] };
        }

        var past = Cache?.Length ?? 0;
        var needed = Hidden is null && (Starts is not null || (past > 0 && Columns > 1));
        // The tables in the weights' type, once for all layers.
        return this with { ByLibrary = true, Cos = Cos.to(dtype), Sin = Sin.to(dtype), Mask = needed ? LibraryAttention.Mask(Starts, Rows, Columns, past, dtype, Cos.device) : null };
    }

    /// <summary>Whole sequences from position 0, each column seeing itself and those before it.</summary>
    public static SequenceBatch Causal(long rows, long columns, RotaryTable rotary)
    {
        var (cos, sin) = rotary.AtLeast(columns);
        return new SequenceBatch(rows, columns, cos.narrow(0, 0, columns), sin.narrow(0, 0, columns), null, null, null);
    }

    /// <summary>Whole sequences with padding: columns whose mask is 0 are seen by nobody and have no position.</summary>
    /// <param name="mask">[B, T]: 1 for a token, 0 for padding.</param>
    /// <param name="rotary">Turned by position, counted over each row's tokens.</param>
    public static SequenceBatch Masked(Tensor mask, RotaryTable rotary)
    {
        var (rows, columns) = (mask.size(0), mask.size(1));
        var seen = mask.ne(0);
        var starts = LeftPadding(seen.cpu().contiguous().data<bool>(), rows, columns);
        if (starts is not null && Array.TrueForAll(starts, start => start == 0))
        {
            return Causal(rows, columns, rotary);
        }

        var (cos, sin) = rotary.AtLeast(columns);
        var positions = (seen.to(ScalarType.Int64).cumsum(1) - 1).clamp(0).view(rows * columns);
        return new SequenceBatch(rows, columns,
            cos.index_select(0, positions).view(rows, columns, -1), sin.index_select(0, positions).view(rows, columns, -1),
            starts is null ? null : torch.tensor<long>(starts).to(mask.device), starts is null ? seen.logical_not() : null, null);
    }

    /// <summary>Whole sequences whose tokens have a time, a row and a column: a head's frequencies turn by the one or the other (M-RoPE).</summary>
    /// <param name="rows">B.</param>
    /// <param name="columns">T.</param>
    /// <param name="positions">[3, B, T].</param>
    /// <param name="mask">As in <see cref="Masked"/>, or null.</param>
    /// <param name="rotary">Turned by position.</param>
    /// <param name="sections">How many frequencies turn by each.</param>
    /// <param name="device">Where the sequences are.</param>
    public static SequenceBatch Multimodal(long rows, long columns, long[] positions, Tensor? mask, RotaryTable rotary, IReadOnlyList<int> sections, Device device)
    {
        var (cos, sin) = rotary.AtLeast(positions.Max() + 1);
        var places = torch.tensor<long>(positions, 3, rows * columns).to(device);
        var plain = mask is null ? Causal(rows, columns, rotary) : Masked(mask, rotary);
        return plain with { Cos = Sections(cos), Sin = Sections(sin) };

        Tensor Sections(Tensor table)
        {
            var parts = new List<Tensor>();
            var first = 0L;
            for (var axis = 0; axis < 3; axis++)
            {
                parts.Add(table.narrow(1, first, sections[axis]).index_select(0, places[axis])); // [B·T, section]
                first += sections[axis];
            }

            return torch.cat(parts.ToArray(), 1).view(rows, columns, -1);
        }
    }

    /// <summary>The next columns of sequences whose earlier ones are cached.</summary>
    public static SequenceBatch Cached(KeyValueCache cache, long columns, RotaryTable rotary)
    {
        var (past, rows) = (cache.Length, cache.Rows);
        // Images never move positions ahead of columns.
        var (cos, sin) = rotary.AtLeast(past + columns);
        var starts = cache.Starts;
        if ((cache.Behind ?? starts) is not { } behind)
        {
            return new SequenceBatch(rows, columns, cos.narrow(0, past, columns), sin.narrow(0, past, columns), null, null, cache);
        }

        var positions = columns == 1
            ? past - behind
            : (torch.arange(past, past + columns, 1, device: behind.device) - behind.unsqueeze(1)).clamp(0).view(rows * columns);
        return new SequenceBatch(rows, columns, cos.index_select(0, positions).view(rows, columns, -1), sin.index_select(0, positions).view(rows, columns, -1), starts, null, cache);
    }

    /// <summary>
    /// Length of each row's left padding; null where a row's tokens do not stand together. Padding on the right counts for nothing: no
    /// token before it sees it.
    /// </summary>
    private static long[]? LeftPadding(bool[] seen, long rows, long columns)
    {
        var starts = new long[rows];
        for (var row = 0; row < rows; row++)
        {
            var line = seen.AsSpan((int)(row * columns), (int)columns);
            var first = line.IndexOf(true);
            starts[row] = first < 0 ? columns : first;
            if (first >= 0 && line[first..].IndexOf(false) is var end and >= 0 && line[(first + end)..].Contains(true))
            {
                return null;
            }
        }

        return starts;
    }
}

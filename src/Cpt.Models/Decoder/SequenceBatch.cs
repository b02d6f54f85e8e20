using Cpt.Torch;

namespace Cpt.Models;

/// <summary>What all layers of one forward pass share.</summary>
/// <param name="Rows">B.</param>
/// <param name="Columns">T: new tokens of each row.</param>
/// <param name="Cos">Float32, [T, headDim], or [B, T, headDim] where rows have positions of their own.</param>
/// <param name="Sin">As <paramref name="Cos"/>.</param>
/// <param name="Mask">Added to the scores, float32 [1 or B, 1, 1, T, S]; null where every column may see every other.</param>
/// <param name="Cache">Keys and values of earlier columns; null for a whole sequence at once.</param>
internal sealed record SequenceBatch(long Rows, long Columns, Tensor Cos, Tensor Sin, Tensor? Mask, KeyValueCache? Cache)
{
    /// <summary>A large negative number instead of −∞, as transformers has it: a row that may see nothing stays finite (it averages all values).</summary>
    private const double Hidden = -3.4028234663852886e38;

    /// <summary>Whole sequences from position 0, each column seeing itself and those before it.</summary>
    public static SequenceBatch Causal(long rows, long columns, RotaryTable rotary)
    {
        var (cos, sin) = rotary.AtLeast(columns);
        return new SequenceBatch(rows, columns, cos.narrow(0, 0, columns), sin.narrow(0, 0, columns), CausalMask(columns, 0, cos.device), null);
    }

    /// <summary>Whole sequences with padding: columns whose mask is 0 are seen by nobody and have no position.</summary>
    /// <param name="mask">[B, T]: 1 for a token, 0 for padding.</param>
    /// <param name="rotary">Turned by position, counted from each row's first token.</param>
    public static SequenceBatch Masked(Tensor mask, RotaryTable rotary)
    {
        var (rows, columns) = (mask.size(0), mask.size(1));
        var (cos, sin) = rotary.AtLeast(columns);
        var positions = (mask.cumsum(1) - 1).clamp(0).view(rows * columns);
        var hidden = mask.eq(0).view(rows, 1, 1, 1, columns).to(ScalarType.Float32) * Hidden;
        return new SequenceBatch(rows, columns,
            cos.index_select(0, positions).view(rows, columns, -1), sin.index_select(0, positions).view(rows, columns, -1),
            hidden.minimum(CausalMask(columns, 0, mask.device)), null);
    }

    /// <summary>The next columns of sequences whose earlier ones are cached.</summary>
    public static SequenceBatch Cached(KeyValueCache cache, long columns, RotaryTable rotary)
    {
        var (past, rows) = (cache.Length, cache.Rows);
        var (cos, sin) = rotary.AtLeast(past + columns);
        var starts = cache.Starts.view(rows, 1); // first column that holds a token
        var positions = (torch.arange(past, past + columns, 1).to(cos.device).view(1, columns) - starts).clamp(0).view(rows * columns);
        var seen = torch.arange(past + columns).to(cos.device).view(1, past + columns);
        var mask = seen.lt(starts).view(rows, 1, 1, 1, past + columns).to(ScalarType.Float32) * Hidden;
        if (columns > 1)
        {
            mask = mask.minimum(CausalMask(columns, past, cos.device));
        }

        return new SequenceBatch(rows, columns, cos.index_select(0, positions).view(rows, columns, -1), sin.index_select(0, positions).view(rows, columns, -1), mask, cache);
    }

    /// <summary>[1, 1, 1, columns, past + columns]: 0 on and below the diagonal.</summary>
    private static Tensor CausalMask(long columns, long past, Device device) =>
        torch.full([1, 1, 1, columns, past + columns], Hidden, device: device).triu(past + 1);
}

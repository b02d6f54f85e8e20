namespace Cpt.Training;

/// <summary>
/// Which sample stands at which position of the endless training stream: each epoch is a permutation of the split made from (seed, lane, epoch).
/// </summary>
internal sealed class DataOrder
{
    private readonly int _count;
    private readonly long _seed;
    private readonly Seeds.Purpose _purpose;
    private readonly long _lane;
    private readonly int[] _permutation;
    private long _epoch = -1;

    /// <param name="count">Samples of the split.</param>
    /// <param name="seed">Of the stage.</param>
    /// <param name="purpose">What the samples are for.</param>
    /// <param name="lane">Tells apart the tasks that one stage draws from.</param>
    public DataOrder(int count, long seed, Seeds.Purpose purpose = Seeds.Purpose.DataOrder, long lane = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        (_count, _seed, _purpose, _lane) = (count, seed, purpose, lane);
        _permutation = new int[count];
    }

    /// <summary>The sample's index in the split.</summary>
    public int At(long position)
    {
        var (epoch, place) = Math.DivRem(position, _count);
        if (epoch != _epoch) Shuffle(epoch);
        return _permutation[place];
    }

    /// <summary>The samples at <paramref name="start"/> … <paramref name="start"/> + <paramref name="count"/> − 1.</summary>
    public int[] Take(long start, int count)
    {
        var taken = new int[count];
        for (var i = 0; i < count; i++) taken[i] = At(start + i);
        return taken;
    }

    // Fisher-Yates.
    private void Shuffle(long epoch)
    {
        for (var i = 0; i < _count; i++) _permutation[i] = i;
        var state = Seeds.Of(_seed, _purpose, epoch, _lane);
        for (var i = _count - 1; i > 0; i--)
        {
            var j = Seeds.Next(ref state, i + 1);
            (_permutation[i], _permutation[j]) = (_permutation[j], _permutation[i]);
        }

        _epoch = epoch;
    }
}

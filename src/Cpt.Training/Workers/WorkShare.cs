namespace Cpt.Training;

/// <summary>Which sequences of a batch each worker trains on: whole sequences, and about as many tokens for everybody.</summary>
internal static class WorkShare
{
    /// <summary>
    /// Longest first, dealt out as cards are to players who take turns beginning (0 1 2, 2 1 0, 0 1 2, …). A function of the lengths alone, so that it is the same in every
    /// worker and after a restart.
    /// </summary>
    /// <returns>Indices into <paramref name="lengths"/>, ascending.</returns>
    public static int[] Of(IReadOnlyList<int> lengths, int rank, int size)
    {
        var order = Enumerable.Range(0, lengths.Count).OrderByDescending(i => lengths[i]).ToArray();
        var own = new List<int>((order.Length / size) + 1);
        for (var turn = 0; turn < order.Length; turn++)
        {
            var (round, place) = Math.DivRem(turn, size);
            if ((round % 2 == 0 ? place : size - 1 - place) == rank) own.Add(order[turn]);
        }

        own.Sort();
        return [.. own];
    }
}

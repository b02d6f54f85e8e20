using Cpt.Contract;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>
/// Cuts a batch into forward passes. Sequences of like length go together, so that little is padded; which pass a sequence is in changes nothing
/// but rounding, since every loss term is already divided by the totals of the whole batch.
/// </summary>
internal static class MicroBatches
{
    /// <summary>
    /// Padded tokens of one pass when the size is left to us (<c>microBatchSize: 0</c>): enough to fill the cores, small enough for activations to
    /// stay in cache on a CPU (a width of 128 loses a tenth at twice as many) and in memory on a GPU.
    /// </summary>
    public static int AutomaticTokens(Device device) => device.type == DeviceType.CPU ? 2048 : 16384;

    /// <param name="sequences">The batch.</param>
    /// <param name="microBatchSize">Sequences a pass; 0 = as many as <see cref="AutomaticTokens"/> holds.</param>
    /// <param name="device">Where the pass is computed.</param>
    /// <returns>Indices into <paramref name="sequences"/>; each stands in exactly one pass.</returns>
    public static List<int[]> Split(IReadOnlyList<TrainingSequence> sequences, int microBatchSize, Device device)
    {
        var order = LongestFirst(sequences);
        var passes = new List<int[]>();
        for (var start = 0; start < order.Length;)
        {
            var rows = microBatchSize > 0 ? microBatchSize : Math.Max(1, AutomaticTokens(device) / sequences[order[start]].InputLength);
            var end = Math.Min(order.Length, start + rows);
            passes.Add(order[start..end]);
            start = end;
        }

        return passes;
    }

    /// <summary>The same for sequences that stand one after the other without padding: as many a pass as its tokens hold.</summary>
    /// <param name="sequences">The batch.</param>
    /// <param name="tokens">Of one pass; a longer sequence has a pass of its own.</param>
    public static List<int[]> Pack(IReadOnlyList<TrainingSequence> sequences, int tokens)
    {
        var passes = new List<int[]>();
        var pass = new List<int>();
        var held = 0;
        foreach (var index in LongestFirst(sequences))
        {
            var length = sequences[index].InputLength;
            if (held > 0 && held + length > tokens)
            {
                passes.Add([.. pass]);
                pass.Clear();
                held = 0;
            }

            pass.Add(index);
            held += length;
        }

        if (pass.Count > 0) passes.Add([.. pass]);
        return passes;
    }

    /// <summary>Tokens of one packed pass: those of <c>microBatchSize</c> full sequences, or <see cref="AutomaticTokens"/>.</summary>
    public static int PackedTokens(OptimizationSpec optimization, Device device) =>
        optimization.MicroBatchSize > 0 ? (int)Math.Min(int.MaxValue, (long)optimization.MicroBatchSize * optimization.MaxSequenceTokens) : AutomaticTokens(device);

    private static int[] LongestFirst(IReadOnlyList<TrainingSequence> sequences)
    {
        var order = new int[sequences.Count];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        // Longest first: the pass that needs most memory comes when least is in use. Stable, so that the cut is reproducible.
        Array.Sort(order, (a, b) =>
        {
            var byLength = sequences[b].InputLength.CompareTo(sequences[a].InputLength);
            return byLength != 0 ? byLength : a.CompareTo(b);
        });
        return order;
    }
}

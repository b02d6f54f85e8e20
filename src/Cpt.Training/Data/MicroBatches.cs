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
        var order = new int[sequences.Count];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        // Longest first: the pass that needs most memory comes when least is in use. Stable, so that the cut is reproducible.
        Array.Sort(order, (a, b) =>
        {
            var byLength = sequences[b].InputLength.CompareTo(sequences[a].InputLength);
            return byLength != 0 ? byLength : a.CompareTo(b);
        });
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
}

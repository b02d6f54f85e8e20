using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// The order of all images of one pass: images of equal grid stand side by side, so that they are computed as one batch, and patches of each image
/// stand in <see cref="PatchOrder"/>.
/// </summary>
internal sealed class VisionBatch
{
    private VisionBatch(IReadOnlyList<Group> groups, Tensor order, Tensor restore) => (Groups, Order, Restore) = (groups, order, restore);

    public IReadOnlyList<Group> Groups { get; }

    /// <summary>Attention is computed by libtorch's kernels, not by ours.</summary>
    public bool ByLibrary { get; private init; }

    /// <summary>Of this pass, where adapters are trained.</summary>
    public Dropout? Dropout { get; private init; }

    /// <summary>Int64 [units]: which unit of the input stands at each place.</summary>
    public Tensor Order { get; }

    /// <summary>Int64 [units]: the place of each unit of the input; the inverse of <see cref="Order"/>.</summary>
    public Tensor Restore { get; }

    /// <summary>As <see cref="SequenceBatch.Kept"/>, for the blocks: <see cref="Order"/> and <see cref="Restore"/> stay behind.</summary>
    public (VisionBatch Batch, Tensor?[] Tensors) Kept()
    {
        var tensors = new List<Tensor?>();
        var groups = Groups.Select(group => group with { Cos = Keep(group.Cos), Sin = Keep(group.Sin) }).ToList();
        return (new VisionBatch(groups, Order, Restore) { ByLibrary = ByLibrary, Dropout = Dropout }, tensors.ToArray());

        Tensor Keep(Tensor tensor)
        {
            tensors.Add(tensor.alias().DetachFromDisposeScope());
            return tensors[^1]!;
        }
    }

    /// <param name="grids">Of the images, in the order of their patches.</param>
    /// <param name="config">Sizes of units and windows.</param>
    /// <param name="rotary">Turned by row and by column.</param>
    /// <param name="device">Where the patches are.</param>
    /// <param name="byLibrary">Attention is libtorch's.</param>
    /// <param name="dropout">Of this pass.</param>
    public static VisionBatch Of(IReadOnlyList<ImageGrid> grids, VisionConfig config, RotaryTable rotary, Device device, bool byLibrary, Dropout? dropout = null)
    {
        var starts = new long[grids.Count];
        var units = 0L;
        for (var i = 0; i < grids.Count; i++)
        {
            starts[i] = units;
            units += grids[i].Tokens(config);
        }

        var order = new List<long>((int)units);
        var groups = new List<Group>();
        foreach (var same in Enumerable.Range(0, grids.Count).GroupBy(i => grids[i]))
        {
            var inside = PatchOrder.Of(same.Key, config);
            foreach (var image in same)
            {
                order.AddRange(inside.Units.Select(unit => starts[image] + unit));
            }

            groups.Add(new Group(same.Count(), same.Key.Patches, inside.Sizes, Turned(inside, rotary, cosine: true, device), Turned(inside, rotary, cosine: false, device)));
        }

        var restore = new long[units];
        for (var place = 0; place < restore.Length; place++)
        {
            restore[order[place]] = place;
        }

        return new VisionBatch(groups, torch.tensor<long>(order.ToArray(), units).to(device), torch.tensor<long>(restore, units).to(device)) { ByLibrary = byLibrary, Dropout = dropout };
    }

    /// <summary>
    /// Rotary positions in two dimensions: of the headDim/2 pairs the first half turns by the patch's row, the second by its column, with the same
    /// headDim/4 frequencies θ^(−4i/headDim).
    /// </summary>
    /// <returns>[patches of an image, headDim/2].</returns>
    private static Tensor Turned(PatchOrder inside, RotaryTable rotary, bool cosine, Device device)
    {
        var (cos, sin) = rotary.AtLeast(Math.Max(inside.Rows.Max(), inside.Columns.Max()) + 1);
        var table = cosine ? cos : sin; // [positions, headDim/4]
        Tensor At(long[] positions) => table.index_select(0, torch.tensor(positions, positions.Length).to(device));
        return torch.cat([At(inside.Rows), At(inside.Columns)], 1);
    }

    /// <summary>Images of equal grid.</summary>
    /// <param name="Images">How many.</param>
    /// <param name="Patches">Of each.</param>
    /// <param name="Windows">Runs of windows of equal size within an image.</param>
    /// <param name="Cos">Float32 [Patches, headDim/2].</param>
    /// <param name="Sin">As <paramref name="Cos"/>.</param>
    public sealed record Group(int Images, int Patches, IReadOnlyList<(int Windows, int Patches)> Windows, Tensor Cos, Tensor Sin);
}

namespace Cpt.Models;

/// <summary>An image as patches: <c>image_grid_thw</c>.</summary>
/// <param name="Frames">1 for a picture.</param>
/// <param name="Rows">Patches from top to bottom; a multiple of the merge size.</param>
/// <param name="Columns">Patches from left to right; a multiple of the merge size.</param>
public readonly record struct ImageGrid(int Frames, int Rows, int Columns)
{
    public int Patches => Frames * Rows * Columns;

    /// <summary>Image tokens after the patch merger.</summary>
    public int Tokens(VisionConfig config) => Patches / config.MergeUnit;

    /// <exception cref="ArgumentException">The grid is none that the tower can compute.</exception>
    internal void Check(VisionConfig config)
    {
        if (Frames != 1)
        {
            throw new ArgumentException($"image grid {this} has {Frames} frames; expected 1: video is not supported");
        }

        if (Rows < 1 || Columns < 1 || Rows % config.SpatialMergeSize != 0 || Columns % config.SpatialMergeSize != 0)
        {
            throw new ArgumentException($"image grid {this} is wrong; expected rows and columns of patches in multiples of {config.SpatialMergeSize} (spatial_merge_size)");
        }
    }

    public override string ToString() => $"{Frames}×{Rows}×{Columns}";
}

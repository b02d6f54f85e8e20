namespace Cpt.Training;

/// <summary>
/// Which positions of the training stream are replayed samples. Of the first n positions ⌊n·p/100⌋ are: what one position owes is carried to the next (Bresenham's line), so that the share is
/// exact over the steps at any batch size, 1 % of 8 samples included, and a function of the position alone.
/// </summary>
internal readonly record struct ReplayShare(int Percentage)
{
    /// <summary>Replayed samples before this position.</summary>
    public long Before(long position) => position * Percentage / 100;

    public bool Is(long position) => Before(position + 1) > Before(position);

    /// <summary>The shortest stretch from 0 with so many samples that are not replayed.</summary>
    public long Length(long own) => own <= 0 ? 0 : (100 * (own - 1) / (100 - Percentage)) + 1;
}

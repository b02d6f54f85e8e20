using Cpt.Contract;

namespace Cpt.Training;

/// <summary>
/// Rollout-based instance filtering (RIF, arXiv:2507.05386): rollouts that never earn anything cost as much as others and teach nothing.
/// <code>
/// before step 1, for each train sample x: draw N rollouts from the stage's input policy
///     s(x) = number of rollouts that are graded right, of the form asked for, and earn at least minimumReward
/// keep x where minimumSolved ≤ s(x) ≤ maximumSolved          the paper: 1 ≤ s(x) ≤ 8 of 8
/// </code>
/// Narrower bounds choose a band of difficulty. The control keeps as many samples, whichever: what a filter gains must be more than what less data gains.
/// </summary>
public static class InstanceFilter
{
    /// <param name="solved">s(x) of each train sample, in the order of the split.</param>
    /// <param name="filter">Bounds and control.</param>
    /// <param name="seed">Of the stage; draws the control.</param>
    /// <returns>Places of the kept samples, ascending.</returns>
    public static IReadOnlyList<int> Kept(IReadOnlyList<int> solved, InstanceFilterSpec filter, long seed)
    {
        var within = Enumerable.Range(0, solved.Count).Where(i => solved[i] >= filter.MinimumSolved && solved[i] <= filter.MaximumSolved).ToArray();
        return filter.Control == InstanceControl.Random ? Drawn(solved.Count, within.Length, seed) : within;
    }

    // The first of a Fisher-Yates shuffle.
    private static int[] Drawn(int of, int count, long seed)
    {
        var places = Enumerable.Range(0, of).ToArray();
        var state = Seeds.Of(seed, Seeds.Purpose.InstanceControl);
        for (var i = 0; i < count; i++)
        {
            var j = i + Seeds.Next(ref state, of - i);
            (places[i], places[j]) = (places[j], places[i]);
        }

        return [.. places.Take(count).Order()];
    }
}

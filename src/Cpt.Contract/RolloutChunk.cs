namespace Cpt.Contract;

/// <summary>
/// <c>stages/&lt;hash&gt;/rollouts/&lt;n&gt;.json</c>: what the input policy answered to a stretch of the train split before step 1. Written whole, so that an attempt that
/// dies in the middle of many pays only for the stretch it was in.
/// </summary>
public sealed record RolloutChunk
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>0-based place among the chunks.</summary>
    public required int Index { get; init; }

    /// <summary>In the order of the train split.</summary>
    public required IReadOnlyList<SampleRollouts> Samples { get; init; }
}

/// <param name="Id">Of the train sample.</param>
/// <param name="Rollouts">In the order they were drawn.</param>
/// <param name="Example">The first response, shortened, for people.</param>
public sealed record SampleRollouts(string Id, IReadOnlyList<RolloutRecord> Rollouts, string Example);

/// <param name="Reward">All that it earned.</param>
/// <param name="Accuracy">The scorer's verdict, 0..1.</param>
/// <param name="Format">1 when it has the form that was asked for, or none was.</param>
/// <param name="Length">Tokens.</param>
/// <param name="Finished">False when it was cut at the response limit.</param>
/// <param name="Tokens">Kept only where they are learned, the end token included.</param>
public sealed record RolloutRecord(double Reward, double Accuracy, double Format, int Length, bool Finished, IReadOnlyList<int>? Tokens = null)
{
    /// <summary>
    /// Of the form that was asked for, graded right, and worth at least <paramref name="minimumReward"/> (arXiv:2507.05386). A reward for the form alone never solves.
    /// </summary>
    public bool Solves(double minimumReward, double formatWeight) => Format >= 1 && BesideForm(formatWeight) > 0 && Reward >= minimumReward;

    /// <summary>What it earned for being right: by the task's scorer, by components, by a service.</summary>
    public double BesideForm(double formatWeight) => Reward - (formatWeight * Format);
}

using Cpt.Contract;

namespace Cpt.Training;

/// <summary>
/// Per-sample changes between two rows of the accuracy matrix. An average that stands still may hide as many samples lost as gained.
/// </summary>
public static class Flips
{
    /// <summary>From here a sample counts as right.</summary>
    public const double Right = 0.5;

    /// <summary>Counts over the samples that both rows scored; null when the previous row scored another version of the task, or none of them.</summary>
    public static (int Lost, int Gained)? Count(TaskScore? previous, TaskScore current)
    {
        if (previous is null || (previous.TaskDigest is { } before && current.TaskDigest is { } now && before != now)) return null;
        var known = previous.Records.ToDictionary(record => record.Id, record => record.Score >= Right, StringComparer.Ordinal);
        int lost = 0, gained = 0, compared = 0;
        foreach (var record in current.Records)
        {
            if (!known.TryGetValue(record.Id, out var wasRight)) continue;
            compared++;
            var isRight = record.Score >= Right;
            if (wasRight && !isRight) lost++;
            if (!wasRight && isRight) gained++;
        }

        return compared == 0 ? null : (lost, gained);
    }
}

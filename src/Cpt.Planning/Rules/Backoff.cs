using System.Globalization;
using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>After a failure the next attempt waits, twice as long each time.</summary>
internal static class Backoff
{
    public static bool Apply(Draft draft)
    {
        if (draft.NextRetryTime is not { } at)
        {
            return false;
        }

        if (draft.Now >= at)
        {
            draft.NextRetryTime = null;
            return false;
        }

        var stage = draft.Current!;
        stage.Status = stage.Status with { State = StageState.Waiting };
        draft.LookAgain(at);
        draft.Conclude(
            nameof(Backoff), RunOutcome.Active, Reasons.WaitingForRetry,
            string.Create(CultureInfo.InvariantCulture, $"Stage {stage.Name} is tried again at {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}; attempt {stage.Status.Attempts} ended: {stage.Status.Message}"),
            stage.Name);
        return true;
    }

    /// <param name="backoff">With defaults applied.</param>
    /// <param name="failures">1 after the first failure.</param>
    public static TimeSpan Delay(BackoffSettings backoff, int failures) =>
        TimeSpan.FromSeconds(Math.Min(backoff.MaxSeconds!.Value, backoff.InitialSeconds!.Value * Math.Pow(2, Math.Min(failures - 1, 30))));
}

using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>Something cannot be looked up for now: nothing starts, nothing is judged, and another look follows.</summary>
internal static class StoragePause
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(15);

    public static bool Apply(Draft draft)
    {
        if (draft.Unavailable is not { } failure)
        {
            return false;
        }

        if (draft.Current is { } stage)
        {
            stage.Status = stage.Status with { State = StageState.Waiting };
        }

        draft.LookAgain(draft.Now + s_interval);
        draft.Conclude(nameof(StoragePause), RunOutcome.Active, Reasons.WaitingForStorage, failure.Message, draft.Current?.Name ?? "");
        return true;
    }
}

using System.Globalization;
using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary><c>spec.activeDeadlineSeconds</c>, kept to the second by looking again exactly then.</summary>
internal static class Deadline
{
    public static bool Apply(Draft draft)
    {
        if (draft.Run.Spec.ActiveDeadlineSeconds is not { } seconds)
        {
            return false;
        }

        var at = draft.StartTime!.Value.AddSeconds(seconds);
        if (draft.Now < at)
        {
            draft.LookAgain(at);
            return false;
        }

        var stage = draft.Current!;
        if (draft.LiveJobs.Any())
        {
            stage.Status = stage.Status with { StoppedAttempt = stage.Status.Attempts };
        }

        var message = string.Create(CultureInfo.InvariantCulture, $"The run was active for longer than spec.activeDeadlineSeconds ({seconds}).");
        Failure.Of(draft, stage, Reasons.DeadlineExceeded, Reasons.DeadlineExceeded, message, at);
        return FailedStage.Apply(draft);
    }
}

using System.Globalization;
using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>Every stage is finished.</summary>
internal static class ChainEnd
{
    public static bool Apply(Draft draft)
    {
        if (draft.Current is not null)
        {
            return false;
        }

        // A row of the matrix could not be read: the gates cannot be judged without it.
        if (StoragePause.Apply(draft))
        {
            return true;
        }

        var broken = Gates.Broken(draft);
        if (draft.Missing.Count > 0 || StoragePause.Apply(draft))
        {
            return true;
        }

        if (broken?.Gate.OnFailure == GateAction.Stop)
        {
            draft.Conclude(nameof(Gates), RunOutcome.Failed, Reasons.GateFailed, $"All stages are finished, but {broken.Sentence}.");
            return true;
        }

        var message = string.Create(CultureInfo.InvariantCulture, $"All {draft.Stages.Count} stages are finished.");
        draft.Conclude(nameof(ChainEnd), RunOutcome.Succeeded, Reasons.AllStagesFinished, broken is null ? message : $"{message} Note that {broken.Sentence}.");
        return true;
    }
}

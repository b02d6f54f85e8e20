using Cpt.Api;

namespace Cpt.Planning.Rules;

/// <summary>The finalizer is on the run before anything is stored that it would have to remove.</summary>
internal static class Finalizer
{
    public static bool Apply(Draft draft)
    {
        var due = draft.Run.Spec.Storage.DeletionPolicy == DeletionPolicy.Delete;
        var present = draft.Run.Metadata.Finalizers?.Contains(Finalizers.Artifacts, StringComparer.Ordinal) == true;
        if (due && !present)
        {
            draft.Do(new PlanAction.AddFinalizer());
        }
        else if (present && !due)
        {
            draft.Do(new PlanAction.RemoveFinalizer());
        }

        return false;
    }
}

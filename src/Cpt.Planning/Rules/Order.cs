using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Rules;

/// <summary>
/// Finished stages stand where they stood and say what they said: each was trained on top of the one before, and is never trained again. Only the
/// rest of the chain may be edited.
/// </summary>
internal static class Order
{
    /// <summary>What was changed, or null.</summary>
    public static IReadOnlyList<FieldError>? Broken(Draft draft)
    {
        var recorded = draft.Before.Stages;
        foreach (var stage in draft.Stages.Where(stage => stage.Finished))
        {
            var path = $"spec.stages[{stage.Index}]";
            var before = recorded.Take(stage.Index + 1).Select(known => known.Name);
            if (!before.SequenceEqual(draft.Stages.Take(stage.Index + 1).Select(known => known.Name), StringComparer.Ordinal))
            {
                return
                [
                    new FieldError(path, $"\"{stage.Name}\" is finished and was trained after {Names(recorded, stage)}; finished stages cannot be moved, and nothing can be put before them. New stages go to the end"),
                ];
            }

            if (!SameSettings(draft, stage))
            {
                return
                [
                    new FieldError(path, $"\"{stage.Name}\" is finished with other settings than it has now, and a finished stage is not trained again; put the old settings back, or make a run with another name (it will reuse the stages that did not change)"),
                ];
            }
        }

        return null;
    }

    /// <summary>Data that only moved to another place is still the same data, and a stage learned from it the same stage.</summary>
    private static bool SameSettings(Draft draft, StageDraft stage)
    {
        var hash = StageSpecs.SpecHash(draft.Run.Spec, stage.Index);
        if (stage.Status.SpecHash == hash)
        {
            return true;
        }

        var input = stage.Index == 0 ? draft.BaseModelDigest : draft.Stages[stage.Index - 1].Status.CheckpointDigest;
        var found = TrainedTasks.Uris(draft.Run.Spec, stage.Index).Select(uri => draft.Find(new Need.TaskDigest(uri))).ToList();
        if (input is null || found.Contains(null))
        {
            // Not known for now: nothing is refused on a suspicion, and the next look will tell.
            return true;
        }

        var digests = found.Select(lookup => lookup!.Value as string).ToList();
        var training = digests.Contains(null) ? null : StageSpecs.Training(draft.Run.Spec, stage.Index, digests);
        // With any reuse policy: what it trained is the same whoever may take it over.
        if (training is null || !new[] { null, StageSpecs.Owner(draft.Run with { Spec = draft.Run.Spec with { ReusePolicy = ReusePolicy.Never } }) }.Any(owner => Digests.StageHash(input, training with { Owner = owner }) == stage.StageHash))
        {
            return false;
        }

        stage.Status = stage.Status with { SpecHash = hash };
        return true;
    }

    private static string Names(IReadOnlyList<StageStatus> recorded, StageDraft stage)
    {
        var before = recorded.TakeWhile(known => known.Name != stage.Name).Select(known => $"\"{known.Name}\"").ToList();
        return before.Count == 0 ? "the base model" : string.Join(", ", before);
    }
}

using Cpt.Contract;

namespace Cpt.Planning.Rules;

/// <summary>
/// What a stage would train, as a hash over its input, its settings and its data. Fixed when the first attempt starts, so that data which changes
/// under a running stage does not quietly make another stage of it; an edit of the manifest does.
/// </summary>
internal static class Identity
{
    /// <returns>False when it is not known: still to be looked up, not to be had for now, or the stage has failed over it.</returns>
    public static bool Of(Draft draft, StageDraft stage)
    {
        if (BaseModel(draft, stage) is not { } baseModel)
        {
            return false;
        }

        var specHash = StageSpecs.SpecHash(draft.Run.Spec, stage.Index);
        var status = stage.Status;
        if (status.StageHash is not null && status.SpecHash == specHash && status.Attempts > 0)
        {
            return true;
        }

        if (status is { StageHash: not null, Attempts: > 0 })
        {
            draft.Say(nameof(Identity), stage.Name, "StageEdited", $"Stage {stage.Name} was edited; what it trained so far does not count for it.");
            stage.Status = status = status with { FailuresInARow = 0, CheckpointStep = null, Progress = null };
            draft.NextRetryTime = null;
        }

        var digests = TrainedTasks.Uris(draft.Run.Spec, stage.Index).Select(uri => TaskDigest(draft, stage, uri)).ToList();
        if (digests.Contains(null))
        {
            return false;
        }

        var input = stage.Index == 0 ? baseModel : draft.Stages[stage.Index - 1].Status.CheckpointDigest!;
        stage.Status = status with
        {
            SpecHash = specHash,
            TaskDigest = digests[0],
            TaskDigests = digests.Count > 1 ? [.. digests.OfType<string>()] : null,
            StageHash = Digests.StageHash(input, StageSpecs.Training(draft.Run.Spec, stage.Index, digests) with { Owner = StageSpecs.Owner(draft.Run) }),
        };
        return true;
    }

    public static string? TaskDigest(Draft draft, StageDraft stage, string uri) => Digest(draft, stage, new Need.TaskDigest(uri), "task", uri);

    private static string? BaseModel(Draft draft, StageDraft stage) =>
        draft.BaseModelDigest ??= Digest(draft, stage, new Need.ModelDigest(draft.Run.Spec.BaseModel.Uri), "base model", draft.Run.Spec.BaseModel.Uri);

    private static string? Digest(Draft draft, StageDraft stage, Need need, string what, string uri)
    {
        if (draft.Find(need) is not { } lookup)
        {
            return null;
        }

        if (lookup.Value is string digest)
        {
            return digest;
        }

        Failure.Of(draft, stage, lookup.Failure ?? new LookupFailure("NotFound", $"The {what} {uri} does not exist.", Permanent: true));
        return null;
    }
}

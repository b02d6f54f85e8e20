using System.Globalization;
using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Rules;

/// <summary>A stage is finished when its final checkpoint is committed and every due score is written, whoever did it. It never runs again.</summary>
internal static class FinishedStages
{
    /// <summary>A stage that the status calls finished: only a row that got lost must be looked up.</summary>
    public static void Carry(Draft draft, StageDraft stage)
    {
        var rows = draft.Before.Matrix?.Rows ?? [];
        if (!rows.Any(row => row.After == stage.Name))
        {
            stage.Evaluation = draft.Find(new Need.Evaluation(stage.StageHash!))?.Value as EvaluationDocument;
        }

        if (stage.Index == 0 && !rows.Any(row => row.After.Length == 0) && draft.BaseModelDigest is { } digest)
        {
            draft.Baseline = draft.Find(new Need.Evaluation(Digests.BaselineHash(digest)))?.Value as EvaluationDocument;
        }

        draft.Say("Chain", stage.Name, stage.Status.State.ToString(), $"Stage {stage.Name} is finished; it is not trained again.");
    }

    /// <summary>Whether a stage without a living Job is finished; if not, its ended attempts are judged.</summary>
    /// <returns>True: finished, the chain goes on after it.</returns>
    public static bool Settle(Draft draft, StageDraft stage)
    {
        if (draft.Find(new Need.FinalManifest(stage.StageHash!)) is not { } found)
        {
            return false;
        }

        if (found.Failure is { } failure)
        {
            Failure.Of(draft, stage, failure);
            return false;
        }

        stage.Final = found.Value as CheckpointManifest;
        if (stage.Final is { StoppedEarly: false } final && final.Step < final.StepsDue)
        {
            Failure.Of(draft, stage, Reasons.InputInvalid, "CheckpointIncomplete", string.Create(
                CultureInfo.InvariantCulture,
                $"The final checkpoint of stage {stage.Name} in {draft.Run.Spec.Storage.Uri} says {final.Step} of {final.StepsDue} steps; it was not written by this trainer. Delete stages/{stage.StageHash} and change spec.retryToken."));
            return false;
        }

        var complete = stage.Final is not null && ScoresAreComplete(draft, stage);
        if (draft.Missing.Count > 0 || draft.Unavailable is not null || stage.Status.State == StageState.Failed)
        {
            return false;
        }

        if (!Attempts.Judge(draft, stage, exceptLast: complete))
        {
            return false;
        }

        if (complete)
        {
            Finish(draft, stage);
        }

        return complete;
    }

    /// <summary>As the trainer wrote it, whichever run's it was.</summary>
    private static string? Kept(IReadOnlyDictionary<string, double> metrics) =>
        metrics.TryGetValue(StageMetrics.Instances, out var instances) && metrics.TryGetValue(StageMetrics.InstancesKept, out var kept) ? Progress.Text((int)kept, (int)instances) : null;

    private static bool ScoresAreComplete(Draft draft, StageDraft stage)
    {
        var due = ScoresDue.After(draft, stage);
        if (due is null
            || draft.Find(new Need.Evaluation(stage.StageHash!)) is not { } row
            || draft.Find(new Need.Evaluation(Digests.BaselineHash(draft.BaseModelDigest!))) is not { } baseline)
        {
            return false;
        }

        stage.Evaluation = row.Value as EvaluationDocument;
        draft.Baseline = baseline.Value as EvaluationDocument;
        var missing = due.Row.Where(score => !score.IsIn(stage.Evaluation, stage.Final!.ModelDigest)).Select(score => score.Name)
            .Concat(due.Baseline.Where(score => !score.IsIn(draft.Baseline, draft.BaseModelDigest!)).Select(score => $"{score.Name} (base model)"))
            .Concat(due.Row.Where(score => score.Kind == ScoreKind.Task && draft.Run.Spec.Evaluation!.Drift is not null && !score.HasDriftIn(stage.Evaluation)).Select(score => $"drift on {score.Name}"))
            .ToList();
        if (missing.Count > 0)
        {
            draft.Say("Scores", stage.Name, "ScoresMissing", $"Stage {stage.Name} is trained; still to be scored: {string.Join(", ", missing)}.");
        }

        return missing.Count == 0;
    }

    /// <summary>Mean over the tasks it was measured on.</summary>
    private static string? Drift(EvaluationDocument? evaluation) =>
        evaluation?.Drift is { Count: > 0 } scores && scores.Average(score => score.Kl) is var mean && double.IsFinite(mean) ? mean.ToString("0.0000", CultureInfo.InvariantCulture) : null;

    private static void Finish(Draft draft, StageDraft stage)
    {
        var final = stage.Final!;
        var lastJob = draft.Jobs.LastOrDefault(job => job.Stage == stage.Name);
        var own = final.Run == draft.Run.Metadata.Name && final.Namespace == draft.Run.Metadata.Namespace
            && (stage.Status.Attempts > 0 || lastJob is not null || draft.Run.Metadata.CreationTimestamp is not { } created || final.CreatedAt >= created);
        var attempts = own ? Math.Max(stage.Status.Attempts, final.Attempt) : stage.Status.Attempts;
        var finishedAt = new[] { lastJob?.FinishedAt, stage.Evaluation?.CreatedAt, final.CreatedAt }.First(time => time is not null);
        stage.Status = stage.Status with
        {
            State = own ? StageState.Succeeded : StageState.Reused,
            Attempts = attempts,
            JudgedAttempts = attempts,
            FailuresInARow = 0,
            StoppedAttempt = null,
            TaskDigest = null,
            TaskDigests = null,
            CheckpointDigest = final.ModelDigest,
            CheckpointStep = final.Step,
            Sampled = null,
            Kept = Kept(final.Metrics),
            // Shorter than a look at its progress: then only the result has it.
            Probe = stage.Status.Probe ?? lastJob?.Result?.Probe,
            Progress = Progress.Text(final.Step, final.StepsDue),
            ProgressTime = null,
            Drift = Drift(stage.Evaluation),
            StartedAt = own ? stage.Status.StartedAt ?? lastJob?.CreatedAt : stage.Status.StartedAt,
            FinishedAt = finishedAt,
            LastExitCode = lastJob?.ExitCode ?? stage.Status.LastExitCode,
            Reason = null,
            Message = own ? null : $"Taken over from run {final.Namespace}/{final.Run}, stage {final.Stage}.",
        };
        draft.NextRetryTime = null;
        draft.Say(
            own ? "Finish" : "Reuse",
            stage.Name,
            stage.Status.State.ToString(),
            own
                ? $"Stage {stage.Name} is finished: its checkpoint and all due scores are committed."
                : $"Stage {stage.Name} is not trained: run {final.Namespace}/{final.Run} has trained the same from the same input (stage hash {stage.StageHash}).");
    }
}

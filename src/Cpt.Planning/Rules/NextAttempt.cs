using System.Globalization;
using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Rules;

/// <summary>
/// Starts the next attempt. Its number is written to the status before its Job is created: after a crash between the two the same number is used again, and
/// after a crash behind them the Job is found under its name. So there is one Job for each number, and no number is used twice.
/// </summary>
internal static class NextAttempt
{
    public static bool Apply(Draft draft)
    {
        var stage = draft.Current!;
        if (ScoresDue.After(draft, stage) is not { } due || draft.Find(new Need.Evaluation(Digests.BaselineHash(draft.BaseModelDigest!))) is not { } baseline)
        {
            return stage.Status.State == StageState.Failed ? FailedStage.Apply(draft) : draft.Missing.Count > 0 || StoragePause.Apply(draft);
        }

        draft.Baseline = baseline.Value as EvaluationDocument;
        var number = Number(draft, stage);
        var status = stage.Status;
        stage.Status = status with
        {
            State = StageState.Pending,
            Attempts = number,
            JudgedAttempts = number - 1,
            Job = null,
            StartedAt = status.StartedAt ?? draft.Now,
            ProgressTime = null,
        };
        var previous = stage.Index == 0 ? null : draft.Stages[stage.Index - 1];
        var spec = StageSpecs.Build(draft.Run, stage.Index, new StageInputs
        {
            BaseModelDigest = draft.BaseModelDigest!,
            InputStageHash = previous?.StageHash,
            InputDigest = previous?.Status.CheckpointDigest ?? draft.BaseModelDigest!,
            TaskDigest = status.TaskDigest,
            TaskDigests = status.TaskDigests ?? [],
            EvaluationDigests = due.Digests,
            Baseline = due.Baseline.Any(score => !score.IsIn(draft.Baseline, draft.BaseModelDigest!)),
            Attempt = number,
        });
        var job = StageDraft.JobName(draft.Run.Metadata.Name, stage.Name, number);
        draft.Do(new PlanAction.CreateJob(job, spec, draft.RetryToken, Queued: draft.Run.Spec.Queue is not null, EvaluateOnly: stage.Final is not null));
        if (stage.Stage.Replay is not null && spec.Training.Replay is null)
        {
            draft.Say("Replay", stage.Name, "NothingToReplay", $"Stage {stage.Name} replays nothing: it is the first, and no task was learned before it.");
        }

        if (stage.Stage.Regularization?.Ewc is not null && spec.Training.Regularization?.Ewc is null)
        {
            draft.Say("Regularization", stage.Name, "NothingToHold", $"Stage {stage.Name} has no ewc term: it is the first, and no task was learned before it.");
        }

        draft.Conclude(nameof(NextAttempt), RunOutcome.Active, Reasons.Pending, Sentence(stage, previous, number, spec.Training), stage.Name);
        return true;
    }

    private static int Number(Draft draft, StageDraft stage)
    {
        var status = stage.Status;
        var jobs = draft.Seen.Jobs.Where(job => job.Stage == stage.Name).Select(job => job.Attempt).DefaultIfEmpty(0).Max();
        var taken = Math.Max(jobs, stage.LastProgressAttempt(draft.Run.Metadata.Name, draft.Run.Metadata.Namespace!));
        var reserved = status.Attempts > status.JudgedAttempts && status.Job is null && taken < status.Attempts;
        return reserved ? status.Attempts : Math.Max(status.Attempts, taken) + 1;
    }

    private static string Sentence(StageDraft stage, StageDraft? previous, int number, TrainingSpec training)
    {
        var input = previous is null ? "the base model" : $"the result of {previous.Name}";
        return stage.Final is not null
            ? string.Create(CultureInfo.InvariantCulture, $"Stage {stage.Name} is trained; attempt {number} makes the missing scores.")
            : stage.NewestStep is { } step
                ? string.Create(CultureInfo.InvariantCulture, $"Attempt {number} of stage {stage.Name} goes on from step {step.Step} of {step.StepsDue}.")
            : stage.Status.CheckpointStep is { } committed
                ? string.Create(CultureInfo.InvariantCulture, $"Attempt {number} of stage {stage.Name} goes on from step {committed}.")
                : string.Create(CultureInfo.InvariantCulture, $"Attempt {number} of stage {stage.Name} begins: {TrainingText.Of(training)}, from {input}.");
    }
}

using System.Globalization;
using Cpt.Contract;
using Cpt.Storage;
using Cpt.Tasks;
using Cpt.Trainer.Reporting;
using Cpt.Trainer.Workers;
using Cpt.Training;

namespace Cpt.Trainer.Stages;

/// <summary>One column of a row: what to score, under which heading.</summary>
internal sealed record DueScore(TaskInput Input, ScoreKind Kind, TaskData Task)
{
    /// <summary>A score of this task as it is now; another digest means that the score is stale.</summary>
    public bool IsMetBy(TaskScore score) => IsColumnOf(score) && score.TaskDigest == Task.Digest;

    public bool IsColumnOf(TaskScore score) => score.Task == Input.Name && score.Kind == Kind;
}

/// <summary>Writes a row of the accuracy matrix task by task, so that a killed evaluation goes on with the task it was killed in.</summary>
internal sealed class StageEvaluation(StageSpec spec, CheckpointStore store, StageReporter reporter, TimeProvider time, WorkerGroup? workers, CancellationToken stop)
{
    /// <summary>Refuses tasks that the model cannot read, before it is trained.</summary>
    /// <exception cref="StageFailureException">A prompt cannot be made: images for a model of text alone, a damaged image, a prompt as long as the context.</exception>
    public void Check(IReadOnlyList<DueScore> due, LoadedModel model)
    {
        var evaluator = new Evaluator(model.Model, model.Tokenizer, EvaluationSettings.Of(spec.Evaluation, spec.Training.Seed));
        foreach (var column in due)
        {
            stop.ThrowIfCancellationRequested();
            evaluator.Check(column.Task);
        }
    }

    /// <param name="rowHash">Where the row stands: a stage's hash, or the baseline's.</param>
    /// <param name="modelDigest">Of the model that is scored; a row of another model is begun anew.</param>
    /// <param name="due">In the order of scoring.</param>
    /// <param name="previousRow">Row to count flips against; null for none.</param>
    /// <param name="load">Called once, and only if a score is missing; what it gives stays the caller's.</param>
    /// <returns>The row as it stands in storage.</returns>
    public async Task<EvaluationDocument> ScoreRowAsync(
        string rowHash, string modelDigest, IReadOnlyList<DueScore> due, string? previousRow, Func<Task<LoadedModel>> load)
    {
        var row = await Shared.FromFirstAsync(workers, () => store.ReadEvaluationAsync(rowHash, stop), ContractJson.Default.EvaluationDocument) is { } written && written.ModelDigest == modelDigest
            ? written
            : new EvaluationDocument { StageHash = rowHash, ModelDigest = modelDigest, Scores = [], CreatedAt = time.GetUtcNow() };
        var missing = due.Where(column => !row.Scores.Any(column.IsMetBy)).ToList();
        if (missing.Count == 0)
        {
            return row;
        }

        var previous = previousRow is null ? null : await store.ReadEvaluationAsync(previousRow, stop);
        var model = await load();
        var evaluator = new Evaluator(model.Model, model.Tokenizer, EvaluationSettings.Of(spec.Evaluation, spec.Training.Seed), workers);
        foreach (var column in missing)
        {
            stop.ThrowIfCancellationRequested();
            reporter.Phase(TrainerPhase.Evaluating, column.Input.Name);
            var score = evaluator.Score(column.Task, column.Kind, previous?.Scores.FirstOrDefault(column.IsColumnOf), stop) with { Task = column.Input.Name };
            // Of several workers all have the score, and the first writes it.
            row = workers is null or { IsFirst: true }
                ? await store.WriteEvaluationAsync(row with { Scores = [score], CreatedAt = time.GetUtcNow() }, CancellationToken.None)
                : row with { Scores = [.. row.Scores.Where(other => !column.IsColumnOf(other)), score] };
            reporter.Evaluation(score);
        }

        return row;
    }

    /// <summary>Adds to a row how far its model has moved from the base model, on the tasks of <paramref name="due"/> that it lacks.</summary>
    /// <param name="row">As it stands in storage.</param>
    /// <param name="due">Benchmarks among them are left out.</param>
    /// <param name="load">The model, and the base model; called once, and only if something is missing. What they give stays the caller's.</param>
    /// <returns>The row as it stands in storage.</returns>
    public async Task<EvaluationDocument> MeasureDriftAsync(EvaluationDocument row, IReadOnlyList<DueScore> due, Func<Task<(LoadedModel Model, LoadedModel Base)>> load)
    {
        var prompts = spec.Evaluation.DriftPrompts;
        var missing = due.Where(column => prompts > 0 && column.Kind == ScoreKind.Task && !(row.Drift ?? []).Any(score =>
            score.Task == column.Input.Name && score.TaskDigest == column.Task.Digest && score.Prompts == Math.Min(prompts, column.Task.Eval.Count))).ToList();
        if (missing.Count == 0)
        {
            return row;
        }

        var (model, origin) = await load();
        var meter = new DriftMeter(origin.Model, model.Model, model.Tokenizer, EvaluationSettings.Of(spec.Evaluation, spec.Training.Seed), workers);
        foreach (var column in missing)
        {
            stop.ThrowIfCancellationRequested();
            reporter.Phase(TrainerPhase.Evaluating, $"drift on {column.Input.Name}");
            var score = meter.Measure(column.Task, prompts, stop) with { Task = column.Input.Name };
            row = workers is null or { IsFirst: true }
                ? await store.WriteEvaluationAsync(row with { Scores = [], Drift = [score], CreatedAt = time.GetUtcNow() }, CancellationToken.None)
                : row with { Drift = [.. (row.Drift ?? []).Where(other => other.Task != score.Task), score] };
            reporter.Info(string.Create(CultureInfo.InvariantCulture, $"drift from the base model on {score.Task}: {score.Kl:0.0000} nats a token ({score.Prompts} prompts, {score.Tokens} tokens)"));
        }

        return row;
    }
}

using Cpt.Contract;
using Cpt.Storage;
using Cpt.Tasks;
using Cpt.Trainer.Measuring;
using Cpt.Trainer.Reporting;
using Cpt.Trainer.Workers;
using Cpt.Training;

namespace Cpt.Trainer.Stages;

/// <summary>
/// Which train samples a stage learns from. The input model's rollouts are stored chunk by chunk under the stage's hash: an attempt after a crash samples only
/// what is missing, and a resumed stage, whose policy is no longer the input, samples nothing. Several workers walk through it side by side.
/// </summary>
internal sealed class StageInstances(
    StageSpec spec, CheckpointStore store, StageReporter reporter, TrainerMetrics metrics, StageOutcome outcome, WorkerGroup? workers, CancellationToken stop)
{
    /// <param name="task">Of the stage, whole.</param>
    /// <param name="input">Called once, and only if rollouts are missing.</param>
    /// <returns>Null where the stage learns from every sample as it is.</returns>
    /// <exception cref="StageFailureException">65: nothing is left to learn from.</exception>
    public async Task<InstanceSelection?> ChooseAsync(TaskData task, Func<Task<string>> input)
    {
        if (InstanceQuestion.Of(spec.Training) is not { } question)
        {
            return null;
        }

        if (task.Train.Count == 0)
        {
            throw new StageFailureException(ExitCodes.BadData, "NoValidSamples", $"task {task.Name} has no train split, so no stage can learn it");
        }

        var survey = new InstanceSurvey(task, question, spec.Training.Optimization, spec.Training.Seed, spec.RewardCalls, reporter.Warning);
        var selection = InstanceSelection.Of(task, spec.Training, await SurveyAsync(survey, input));
        (outcome.Instances, outcome.InstancesKept) = (selection.Instances, selection.Kept);
        metrics.KeptRatio.Record(selection.KeptFraction);
        metrics.DroppedInstances.Record(selection.Instances - selection.Kept);
        reporter.Update(progress => progress with { Sampled = selection.Instances, ToSample = selection.Instances, Kept = selection.Kept });
        reporter.Info(selection.Text);
        return selection;
    }

    private async Task<IReadOnlyList<SampleRollouts>> SurveyAsync(InstanceSurvey survey, Func<Task<string>> input)
    {
        var samples = new List<SampleRollouts>(survey.Samples);
        LoadedModel? model = null;
        try
        {
            for (var index = 0; index < survey.Chunks; index++)
            {
                if (workers is null)
                {
                    stop.ThrowIfCancellationRequested();
                }

                workers?.ThrowIfStopped(stop);
                var chunk = await Shared.FromFirstAsync(workers, () => StoredAsync(survey, index), ContractJson.Default.RolloutChunk);
                if (chunk is null)
                {
                    model ??= await LoadAsync(survey, input);
                    chunk = survey.Sample(index, model.Model, model.Tokenizer, workers, stop);
                    if (workers is null or { IsFirst: true })
                    {
                        // Not under the stop's token: it is paid for.
                        await store.WriteRolloutsAsync(spec.StageHash, chunk, CancellationToken.None);
                    }
                }

                samples.AddRange(chunk.Samples);
                // While chunks are only read there is nothing to watch.
                reporter.Sampled(samples.Count, survey.Samples, announce: model is not null);
            }
        }
        finally
        {
            model?.Dispose();
        }

        return samples;
    }

    private async Task<RolloutChunk?> StoredAsync(InstanceSurvey survey, int index) =>
        await store.ReadRolloutsAsync(spec.StageHash, index, CancellationToken.None) is { } chunk && survey.IsPart(chunk) ? chunk : null;

    private async Task<LoadedModel> LoadAsync(InstanceSurvey survey, Func<Task<string>> input)
    {
        var model = LoadedModel.Load(await input(), spec);
        try
        {
            reporter.Phase(TrainerPhase.Sampling);
            survey.Check(model.Model, model.Tokenizer, stop);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}

using System.Globalization;
using Cpt.Contract;
using Cpt.Storage;
using Cpt.Trainer.Measuring;
using Cpt.Trainer.Reporting;
using Cpt.Trainer.Workers;

namespace Cpt.Trainer.Stages;

/// <summary>
/// One attempt of one stage, in reading order: what is due to be scored, row 0, the training unless it is committed already, the run's record, this stage's row.
/// Every part is skipped when storage shows that an earlier attempt has done it. Several workers walk through it side by side; what storage shows, the first tells all.
/// </summary>
internal sealed class StageAttempt
{
    private readonly StageSpec _spec;
    private readonly WorkDirectory _work;
    private readonly StageReporter _reporter;
    private readonly TrainerMetrics _metrics;
    private readonly StageOutcome _outcome;
    private readonly TimeProvider _time;
    private readonly WorkerSession? _session;
    private readonly CancellationToken _stop;
    private readonly CheckpointStore _store;
    private readonly StageInputs _inputs;
    private readonly StageEvaluation _evaluation;

    public StageAttempt(
        StageSpec spec, WorkDirectory work, StageReporter reporter, TrainerMetrics metrics, StageOutcome outcome, TimeProvider time, WorkerSession? session, CancellationToken stop)
    {
        (_spec, _work, _reporter, _metrics, _outcome, _time, _session, _stop) = (spec, work, reporter, metrics, outcome, time, session, stop);
        var options = new StorageOptions { OnWarning = reporter.Warning };
        _store = CheckpointStore.Open(spec.StorageUri, options);
        _inputs = new StageInputs(_store, new InputResolver(options), work, reporter, session);
        _evaluation = new StageEvaluation(spec, _store, reporter, time, session?.Group, stop);
    }

    public async Task RunAsync()
    {
        _reporter.Phase(TrainerPhase.Loading);
        var final = await Shared.FromFirstAsync(_session?.Group, () => _store.ReadManifestAsync(_spec.StageHash, _stop), ContractJson.Default.CheckpointManifest);
        _outcome.CheckpointDigest = final?.ModelDigest;

        // Read before training: an evaluation that cannot work must not be found out after days.
        var row = await DueAsync(_spec.Evaluation.Tasks);
        await ScoreBaselineAsync();
        using var training = final is null ? await StartAsync() : null;
        if (training is not null)
        {
            _evaluation.Check(row, training.Policy);
        }

        final = training is null ? Skip(final!) : await TrainAsync(training);
        await RecordAsync(final);
        await ScoreAsync(final, row, training?.Policy);
        // A worker that left earlier would pass for a lost one.
        _session?.Group.Barrier();
        _reporter.Phase(TrainerPhase.Done);
    }

    private async Task<IReadOnlyList<DueScore>> DueAsync(IReadOnlyList<TaskInput> tasks)
    {
        var due = new List<DueScore>();
        foreach (var (input, kind) in tasks.Select(task => (task, ScoreKind.Task)).Concat(_spec.Evaluation.Benchmarks.Select(benchmark => (benchmark, ScoreKind.Benchmark))))
        {
            due.Add(new DueScore(input, kind, await _inputs.TaskAsync(input, _stop)));
        }

        return due;
    }

    private async Task ScoreBaselineAsync()
    {
        if (!_spec.Evaluation.Baseline)
        {
            return;
        }

        LoadedModel? loaded = null;
        try
        {
            var digest = _spec.BaseModel.Digest;
            await _evaluation.ScoreRowAsync(Digests.BaselineHash(digest), digest, await DueAsync(_spec.Evaluation.BaselineTasks), previousRow: null,
                async () => loaded = LoadedModel.Load(await _inputs.ModelAsync(_spec.BaseModel, _stop), _spec));
        }
        finally
        {
            loaded?.Dispose();
        }
    }

    private async Task<StageTraining> StartAsync()
    {
        _reporter.Phase(TrainerPhase.Loading);
        var tasks = await StageTasks.LoadAsync(_spec.Training, _inputs, _stop);
        await new StageProbe(_spec, _store, _reporter, _outcome, _session?.Group, _stop).AskAsync(tasks.Own[0], () => _inputs.ModelAsync(_spec.Input, _stop));
        var chosen = await new StageInstances(_spec, _store, _reporter, _metrics, _outcome, _session?.Group, _stop).ChooseAsync(tasks.Own[0], () => _inputs.ModelAsync(_spec.Input, _stop));
        _reporter.Phase(TrainerPhase.Loading);
        var reference = _spec.Training.Rft?.KlReference switch
        {
            KlReference.Base => await _inputs.ModelAsync(_spec.BaseModel, _stop),
            KlReference.PreviousStage => await _inputs.ModelAsync(_spec.Input, _stop),
            _ => null,
        };
        var held = _spec.Training.Regularization is null ? null : await _inputs.ModelAsync(_spec.Input, _stop);
        var referenceIsInput = _spec.Training.Rft?.KlReference == KlReference.PreviousStage || _spec.Input.Digest == _spec.BaseModel.Digest;
        PolicyTraining Build(string directory) => PolicyTraining.Start(directory, _spec, chosen is null ? tasks : tasks with { Own = [chosen.Task, .. tasks.Own.Skip(1)] }, chosen?.Responses, held, reference, referenceIsInput, _session?.Group, _reporter.Warning);
        var checkpoints = new StageCheckpoints(_spec, _store, _work, _reporter, _metrics, _time, _session) { Parents = await _inputs.LineageAsync(_spec.Input, _stop), Chosen = chosen, Instances = tasks.Own[0].Train };
        var policy = await checkpoints.ResumeAsync(Build, () => _inputs.ModelAsync(_spec.Input, _stop), _stop) ?? Build(await _inputs.ModelAsync(_spec.Input, _stop));
        return new StageTraining(_spec, policy, checkpoints, _reporter, _metrics, _time, _stop);
    }

    private async Task<CheckpointManifest> TrainAsync(StageTraining training)
    {
        var final = await training.RunAsync();
        _outcome.CheckpointDigest = final.ModelDigest;
        return final;
    }

    /// <summary>A damaged record is begun anew: nothing is decided by it, and the stage is worth more.</summary>
    private async Task RecordAsync(CheckpointManifest final)
    {
        if (_session is { Place.Rank: > 0 })
        {
            return;
        }

        RunRecord? before = null;
        try
        {
            before = await _store.ReadRunAsync(_spec.Namespace, _spec.Run, _stop);
        }
        catch (StageFailureException damaged) when (damaged.ExitCode == ExitCodes.BadData)
        {
            _reporter.Warning($"{damaged.Message}; it is written anew, without the stages before this one");
        }

        await _store.WriteRunAsync(RunRecord.With(before, _spec, final.ModelDigest, _time.GetUtcNow()), CancellationToken.None);
    }

    private CheckpointManifest Skip(CheckpointManifest final)
    {
        _reporter.Update(progress => progress with { Step = final.Step, Steps = final.StepsDue, CheckpointStep = final.Step, Tokens = (long)final.Metrics.GetValueOrDefault("tokens") });
        _reporter.Resumed(string.Create(CultureInfo.InvariantCulture, $"the final checkpoint is committed already (attempt {final.Attempt}, step {final.Step}); only missing scores are due"));
        return final;
    }

    private async Task ScoreAsync(CheckpointManifest final, IReadOnlyList<DueScore> due, LoadedModel? trained)
    {
        LoadedModel? loaded = null, origin = null;
        try
        {
            var row = await _evaluation.ScoreRowAsync(_spec.StageHash, final.ModelDigest, due, _spec.Evaluation.PreviousRow, ModelAsync);
            foreach (var column in due)
            {
                _outcome.Scores[column.Input.Name] = row.Scores.First(column.IsMetBy).Accuracy;
            }

            await _evaluation.MeasureDriftAsync(row, due, async () =>
                (await ModelAsync(), origin = LoadedModel.Load(await _inputs.ModelAsync(_spec.BaseModel, _stop), _spec)));
        }
        finally
        {
            loaded?.Dispose();
            origin?.Dispose();
        }

        async Task<LoadedModel> ModelAsync() =>
            trained ?? (loaded ??= LoadedModel.Load(await _inputs.ModelAsync(new ModelInput { StageHash = _spec.StageHash, Digest = final.ModelDigest }, _stop), _spec));
    }
}

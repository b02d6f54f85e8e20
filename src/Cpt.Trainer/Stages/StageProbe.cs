using Cpt.Contract;
using Cpt.Storage;
using Cpt.Tasks;
using Cpt.Trainer.Reporting;
using Cpt.Trainer.Workers;
using Cpt.Training;

namespace Cpt.Trainer.Stages;

/// <summary>Which method has something to learn from, asked of a stage's input model once and written down. What it says changes nothing.</summary>
internal sealed class StageProbe(StageSpec spec, CheckpointStore store, StageReporter reporter, StageOutcome outcome, WorkerGroup? workers, CancellationToken stop)
{
    /// <param name="task">Of the stage.</param>
    /// <param name="input">Called only where no earlier attempt has asked.</param>
    public async Task AskAsync(TaskData task, Func<Task<string>> input)
    {
        if (spec.Probe is not { } probe)
        {
            return;
        }

        var report = await Shared.FromFirstAsync(workers, () => store.ReadProbeAsync(spec.StageHash, CancellationToken.None), ContractJson.Default.ProbeReport);
        if (report is null || report.Rollouts != probe.Rollouts || report.Samples != Math.Min(probe.Samples, task.Train.Count))
        {
            report = await RunAsync(task, probe, input);
        }

        outcome.Probe = report.Summary;
        reporter.Probed(report.Summary);
    }

    private async Task<ProbeReport> RunAsync(TaskData task, ProbeSpec probe, Func<Task<string>> input)
    {
        using var model = LoadedModel.Load(await input(), spec);
        reporter.Phase(TrainerPhase.Probing);
        var report = new MethodProbe(task, probe, spec.Training.Optimization, spec.Training.Seed, spec.RewardCalls, reporter.Warning).Run(model.Model, model.Tokenizer, workers, stop) with { ModelDigest = spec.Input.Digest };
        if (workers is null or { IsFirst: true })
        {
            await store.WriteProbeAsync(spec.StageHash, report, CancellationToken.None);
        }

        return report;
    }
}

using Cpt.Contract;
using Cpt.Trainer.Measuring;
using Cpt.Trainer.Reporting;
using Cpt.Training;

namespace Cpt.Trainer.Stages;

/// <summary>The steps of a stage: run, report, commit every so often and when asked to stop, commit the final checkpoint when all are done.</summary>
internal sealed class StageTraining(
    StageSpec spec, PolicyTraining training, StageCheckpoints checkpoints, StageReporter reporter, TrainerMetrics metrics, TimeProvider time, CancellationToken stop) : IDisposable
{
    private readonly int _firstStep = training.Loop.Step;
    private readonly long _firstTokens = training.Loop.Tokens;
    private readonly long _started = time.GetTimestamp();

    /// <returns>The final commit.</returns>
    /// <exception cref="OperationCanceledException">A stop was asked for; what was done is committed.</exception>
    public async Task<CheckpointManifest> RunAsync()
    {
        var (policy, loop) = (training.Policy.Model, training.Loop);
        reporter.Update(progress => progress with { Step = loop.Step, Steps = loop.StepsDue, CheckpointStep = checkpoints.CommittedStep, Tokens = loop.Tokens });
        try
        {
            if (loop.Step == 0)
            {
                reporter.Phase(TrainerPhase.Preflight);
                loop.Preflight(stop);
            }

            reporter.Phase(TrainerPhase.Training);
            metrics.CheckpointIntervalSteps.Record(spec.Checkpoint.IntervalSteps);
            metrics.CheckpointTime.Record(time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
            while (!loop.Finished)
            {
                var due = loop.Step + 1 == loop.StepsDue || IsInterval(loop.Step + 1);
                var began = time.GetTimestamp();
                var report = loop.RunStep(stop);
                metrics.StepSeconds.Record(time.GetElapsedTime(began).TotalSeconds);
                Report(report, always: due);
                if (IsInterval(loop.Step) && !loop.Finished)
                {
                    await checkpoints.CommitStepAsync(policy, loop, CancellationToken.None);
                    reporter.Update(progress => progress with { Phase = TrainerPhase.Training });
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            reporter.Phase(TrainerPhase.Stopping);
            if (loop.Step > checkpoints.CommittedStep)
            {
                // Not under the stop's token: saving is what the grace period is for.
                await checkpoints.CommitStepAsync(policy, loop, CancellationToken.None);
            }

            throw;
        }

        reporter.Phase(TrainerPhase.Committing);
        return await checkpoints.CommitFinalAsync(policy, loop, CancellationToken.None);
    }

    public LoadedModel Policy => training.Policy;

    public void Dispose() => training.Dispose();

    private bool IsInterval(int step) => spec.Checkpoint.IntervalSteps > 0 && step % spec.Checkpoint.IntervalSteps == 0;

    private void Report(StepReport report, bool always)
    {
        var elapsed = time.GetElapsedTime(_started).TotalSeconds;
        var done = report.Step - _firstStep;
        if (report.EqualGroups is { } filtered)
        {
            metrics.FilteredInstances.Record(filtered);
        }

        reporter.Step(
            progress => progress with
            {
                Phase = TrainerPhase.Training,
                Step = report.Step,
                Steps = report.StepsDue,
                Loss = report.Loss,
                Reward = report.Reward,
                RewardStd = report.RewardStd,
                Kl = report.Kl,
                ResponseTokens = report.ResponseTokens,
                GradientNorm = report.GradientNorm,
                LearningRate = report.LearningRate,
                Tokens = training.Loop.Tokens,
                TokensPerSecond = elapsed > 0 ? Math.Round((training.Loop.Tokens - _firstTokens) / elapsed, 1) : null,
                SecondsLeft = Math.Round(elapsed / done * (report.StepsDue - report.Step), 1),
            },
            always || training.Loop.Finished);
    }
}

using Cpt.Contract;
using Cpt.Trainer.Measuring;
using Cpt.Trainer.Reporting;

namespace Cpt.Trainer.Stages;

internal sealed class StageAttempt(
    StageSpec spec, WorkDirectory work, StageReporter reporter, TrainerMetrics metrics, StageOutcome outcome, TimeProvider time, CancellationToken stop)
{
    public Task RunAsync()
    {
        reporter.Beat();
        _ = (spec, work, metrics, outcome, time, stop);
        return Task.CompletedTask;
    }
}

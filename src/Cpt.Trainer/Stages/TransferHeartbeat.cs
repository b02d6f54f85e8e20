using Cpt.Storage;
using Cpt.Trainer.Reporting;

namespace Cpt.Trainer.Stages;

/// <summary>A transfer of many gigabytes is movement, too.</summary>
internal sealed class TransferHeartbeat(StageReporter reporter) : IProgress<TransferProgress>
{
    public void Report(TransferProgress value) => reporter.Beat();
}

using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>What the shell is told about a run that failed.</summary>
internal static class RunExit
{
    /// <summary>The chain cannot go on, and the cause is none that has a code of its own.</summary>
    public const int Failed = 1;

    public static int Of(ContinualRunStatus status)
    {
        var lastExit = status.Stages.LastOrDefault(stage => stage.State == StageState.Failed)?.LastExitCode;
        return status.Reason switch
        {
            Reasons.InvalidSpec or Reasons.StageChanged => ExitCodes.BadSpec,
            Reasons.InputNotFound => ExitCodes.InputNotFound,
            Reasons.InputInvalid => ExitCodes.BadData,
            _ when lastExit is ExitCodes.BadSpec or ExitCodes.BadData or ExitCodes.InputNotFound or ExitCodes.StorageUnavailable => lastExit.Value,
            _ => Failed,
        };
    }
}

namespace Cpt.Contract;

/// <summary>
/// What the trainer's exit status tells the planner. 64–66 and 75 follow sysexits.h; the planner never retries
/// <see cref="BadSpec"/>, <see cref="BadData"/> and <see cref="InputNotFound"/>, because training is deterministic
/// and the same input would fail the same way.
/// </summary>
public static class ExitCodes
{
    /// <summary>The final checkpoint is committed and every due evaluation is written.</summary>
    public const int Done = 0;

    /// <summary>stage.json cannot be read or asks for something impossible.</summary>
    public const int BadSpec = 64;

    /// <summary>A task, model or checkpoint was read and is wrong; also a loss, gradient or reward that is not finite.</summary>
    public const int BadData = 65;

    /// <summary>A model, task or checkpoint that the stage needs does not exist.</summary>
    public const int InputNotFound = 66;

    /// <summary>Storage did not answer, refused, or is full; or a reward service did not answer. Worth a retry.</summary>
    public const int StorageUnavailable = 69;

    /// <summary>A bug, or anything unforeseen. Worth a retry.</summary>
    public const int Internal = 70;

    /// <summary>SIGTERM arrived; progress is saved. Continues without costing a retry.</summary>
    public const int Stopped = 75;

    /// <summary>True for codes that a new attempt cannot cure.</summary>
    public static bool IsPermanent(int exitCode) => exitCode is BadSpec or BadData or InputNotFound;
}

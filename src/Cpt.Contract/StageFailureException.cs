namespace Cpt.Contract;

/// <summary>A failure whose exit code and reason are known where it is raised; the message is for the person who reads it.</summary>
public sealed class StageFailureException : Exception
{
    /// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
    /// <param name="reason">CamelCase word for status and metrics, for example <c>NonFiniteLoss</c>.</param>
    /// <param name="message">Names the thing, the value that was wrong, and what would be right.</param>
    /// <param name="innerException">What raised it, if anything did.</param>
    public StageFailureException(int exitCode, string reason, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        ExitCode = exitCode;
        Reason = reason;
    }

    public int ExitCode { get; }

    public string Reason { get; }
}

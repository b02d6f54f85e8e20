namespace Cpt.Cli;

/// <summary>Something the person at the keyboard can mend: shown as one message without a stack trace.</summary>
internal sealed class CliException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

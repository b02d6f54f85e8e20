namespace Cpt.Controllers;

/// <summary>How the process ends. The first reason stands.</summary>
public sealed class OperatorOutcome
{
    /// <summary>A part of the engine died: a bug, or an API that does not answer as it should.</summary>
    public const int EngineDied = 70;

    /// <summary>Another process leads by now, or the API server was away too long to know. Start again, to stand by.</summary>
    public const int LeaseLost = 75;

    private readonly Lock _gate = new();

    /// <summary>0 after a signal.</summary>
    public int ExitCode { get; private set; }

    public string? Reason { get; private set; }

    internal void End(int code, string reason)
    {
        lock (_gate)
        {
            if (ExitCode == 0)
            {
                (ExitCode, Reason) = (code, reason);
            }
        }
    }
}

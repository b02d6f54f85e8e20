using System.Runtime.InteropServices;

namespace Cpt.Cli.Commands;

/// <summary>The first Ctrl-C, SIGTERM or SIGHUP asks to stop and save; the second does not wait for it.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _kill = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <param name="onFirst">Told once, at the first signal.</param>
    public StopSignals(Action onFirst)
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (_stop.IsCancellationRequested)
                {
                    _kill.Cancel();
                }
                else
                {
                    onFirst();
                    _stop.Cancel();
                }
            }));
        }
    }

    public CancellationToken Stop => _stop.Token;

    public CancellationToken Kill => _kill.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
        _kill.Dispose();
    }
}

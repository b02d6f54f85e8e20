using System.Runtime.InteropServices;
using Cpt.Contract;

namespace Cpt.Trainer.Ending;

/// <summary>
/// SIGTERM or SIGINT asks the stage to finish its step, commit and end. A second signal, or the grace period's end, ends the
/// process at once: what is committed stays, what is not is trained again. Both ways exit with <see cref="ExitCodes.Stopped"/>,
/// because neither is the stage's fault.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly TimeSpan _grace;
    private readonly Action<string> _endNow;
    private readonly TimeProvider _time;
    private ITimer? _deadline;
    private int _signals;

    /// <param name="grace">Zero: no limit.</param>
    /// <param name="endNow">Ends the process; given why.</param>
    /// <param name="time">Measures the grace period.</param>
    public StopSignals(TimeSpan grace, Action<string> endNow, TimeProvider time)
    {
        _grace = grace;
        _endNow = endNow;
        _time = time;
    }

    /// <summary>Set once a stop is asked for.</summary>
    public CancellationToken Requested => _stop.Token;

    /// <param name="underRunner">
    /// A runner watches over this process. Ctrl-C on a terminal reaches both of them, and the runner then sends SIGTERM: heeding the interrupt as well would
    /// make that the second signal, which does not wait for the save.
    /// </param>
    public void Listen(bool underRunner = false)
    {
        foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (signal != PosixSignal.SIGINT || !underRunner)
                {
                    Receive(signal.ToString());
                }
            }));
        }
    }

    /// <summary>Another worker was asked to stop. This one goes with it, and a signal of its own that comes later is still its first.</summary>
    public void Join() => _stop.Cancel();

    /// <summary>What a signal does; called by the handlers.</summary>
    public void Receive(string signal)
    {
        if (Interlocked.Increment(ref _signals) > 1)
        {
            _endNow($"a second signal ({signal}) arrived before the stage had saved");
            return;
        }

        if (_grace > TimeSpan.Zero)
        {
            _deadline = _time.CreateTimer(_ => _endNow($"the grace period of {_grace.TotalSeconds:F0} s ended before the stage had saved"), null, _grace, Timeout.InfiniteTimeSpan);
        }

        _stop.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _deadline?.Dispose();
        _stop.Dispose();
    }
}

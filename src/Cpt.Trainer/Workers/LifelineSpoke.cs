using System.Globalization;
using System.Net.Sockets;
using Cpt.Contract;
using Cpt.Trainer.Ending;

namespace Cpt.Trainer.Workers;

/// <summary>The end of every worker but the first.</summary>
internal sealed class LifelineSpoke : Lifeline
{
    private readonly LifelineConnection _hub;

    /// <param name="place">This worker.</param>
    /// <param name="address">Of <see cref="LifelineHub.Address"/>.</param>
    /// <param name="listener">Told of the others.</param>
    /// <exception cref="StageFailureException">70: worker 0 cannot be reached.</exception>
    public LifelineSpoke(WorkerPlace place, string address, ILifelineListener listener)
        : base(place, listener)
    {
        var (port, token) = (int.Parse(address.Split(' ')[0], CultureInfo.InvariantCulture), address.Split(' ')[1]);
        try
        {
            _hub = new LifelineConnection(new TcpClient(place.MasterAddress, port));
        }
        catch (SocketException error)
        {
            throw new StageFailureException(ExitCodes.Internal, "WorkersMissing", $"worker 0 at {place.MasterAddress} cannot be reached on port {port}: {error.Message}", error);
        }

        _hub.Write(new LifelineMessage { Kind = LifelineKind.Hello, Rank = place.Rank, Token = token, Where = $"process {Environment.ProcessId} on {Environment.MachineName}" });
        Start("lifeline", Follow);
        StartBeats();
    }

    public override void AskToStop() => _hub.Write(new LifelineMessage { Kind = LifelineKind.Stop });

    protected override void SayEnd(StageEnding ending) =>
        _hub.Write(new LifelineMessage { Kind = LifelineKind.End, ExitCode = ending.ExitCode, Reason = ending.Reason, Message = ending.Message });

    protected override void SayBeat() => _hub.Write(new LifelineMessage { Kind = LifelineKind.Beat });

    private void Follow()
    {
        while (_hub.Read() is { } message)
        {
            switch (message.Kind)
            {
                case LifelineKind.Stop:
                    Listener.StopAsked();
                    break;
                case LifelineKind.AllEnd:
                    Hear(new StageEnding(message.ExitCode, message.Reason ?? "Internal", message.Message ?? ""));
                    return;
                case LifelineKind.End:
                    return;
            }
        }

        Hear(Lost.Silently(0, Place.Size, Place.MasterAddress));
    }

    private void Hear(StageEnding ending)
    {
        if (!IsOver)
        {
            Tell(ending);
        }
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Cpt.Contract;
using Cpt.Trainer.Ending;

namespace Cpt.Trainer.Workers;

/// <summary>Worker 0's end: hears of every worker, and tells all of them.</summary>
internal sealed class LifelineHub : Lifeline
{
    private readonly TcpListener _listener;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, LifelineConnection> _workers = [];
    private readonly ManualResetEventSlim _complete = new();
    private bool _told;

    public LifelineHub(WorkerPlace place, ILifelineListener listener)
        : base(place, listener)
    {
        _listener = place.OneNode ? new TcpListener(IPAddress.Loopback, 0) : TcpListener.Create(0);
        _listener.Start();
        if (place.Size == 1)
        {
            _complete.Set();
        }

        Start("lifelines", Accept);
        StartBeats();
    }

    /// <summary>What the others need to connect: port and token.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"{((IPEndPoint)_listener.LocalEndpoint).Port} {Token}");

    private string Token { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <exception cref="StageFailureException">70: some did not come.</exception>
    public void WaitForAll(TimeSpan limit)
    {
        if (_complete.Wait(limit))
        {
            return;
        }

        lock (_gate)
        {
            var missing = Enumerable.Range(1, Place.Size - 1).Where(rank => !_workers.ContainsKey(rank)).Select(rank => rank.ToString(CultureInfo.InvariantCulture));
            throw new StageFailureException(ExitCodes.Internal, "WorkersMissing", string.Create(CultureInfo.InvariantCulture,
                $"of {Place.Size} workers {string.Join(", ", missing)} did not come within {limit.TotalSeconds:F0} s (CPT_RENDEZVOUS_SECONDS); see what their pods or processes say"));
        }
    }

    public override void AskToStop() => Tell(new LifelineMessage { Kind = LifelineKind.Stop });

    public override void Dispose()
    {
        base.Dispose();
        _listener.Stop();
    }

    protected override void SayEnd(StageEnding ending)
    {
        lock (_gate)
        {
            if (_told)
            {
                return;
            }

            _told = true;
        }

        Tell(new LifelineMessage { Kind = ending.ExitCode == ExitCodes.Done ? LifelineKind.End : LifelineKind.AllEnd, ExitCode = ending.ExitCode, Reason = ending.Reason, Message = ending.Message });
    }

    protected override void SayBeat() => Tell(new LifelineMessage { Kind = LifelineKind.Beat });

    private void Accept()
    {
        try
        {
            while (true)
            {
                var connection = new LifelineConnection(_listener.AcceptTcpClient());
                Start("lifeline", () => Follow(connection));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Closed: the worker ends.
        }
    }

    private void Follow(LifelineConnection connection)
    {
        if (connection.Read() is not { Kind: LifelineKind.Hello } hello || hello.Token != Token || hello.Rank < 1 || hello.Rank >= Place.Size || !Admit(hello.Rank, connection))
        {
            connection.Dispose();
            return;
        }

        while (connection.Read() is { } message)
        {
            switch (message.Kind)
            {
                case LifelineKind.Stop:
                    Tell(message, except: hello.Rank);
                    Listener.StopAsked();
                    break;
                case LifelineKind.End:
                    if (message.ExitCode != ExitCodes.Done)
                    {
                        EndAll(message with { Rank = hello.Rank });
                    }

                    return;
            }
        }

        var lost = Lost.Silently(hello.Rank, Place.Size, hello.Where ?? "somewhere");
        EndAll(new LifelineMessage { Kind = LifelineKind.AllEnd, Rank = Place.Rank, ExitCode = lost.ExitCode, Reason = lost.Reason, Message = lost.Message });
    }

    private bool Admit(int rank, LifelineConnection connection)
    {
        lock (_gate)
        {
            if (!_workers.TryAdd(rank, connection))
            {
                return false;
            }

            if (_workers.Count == Place.Size - 1)
            {
                _complete.Set();
            }

            return true;
        }
    }

    /// <summary>The first cause is everybody's; what ends after it ends because of it.</summary>
    private void EndAll(LifelineMessage cause)
    {
        lock (_gate)
        {
            if (_told || IsOver)
            {
                return;
            }

            _told = true;
        }

        var ending = Passed(Place, cause);
        Tell(new LifelineMessage { Kind = LifelineKind.AllEnd, ExitCode = ending.ExitCode, Reason = ending.Reason, Message = ending.Message }, except: cause.Rank);
        Tell(ending);
    }

    private void Tell(LifelineMessage message, int except = 0)
    {
        List<LifelineConnection> all;
        lock (_gate)
        {
            all = [.. _workers.Where(worker => worker.Key != except).Select(worker => worker.Value)];
        }

        all.ForEach(worker => worker.Write(message));
    }
}

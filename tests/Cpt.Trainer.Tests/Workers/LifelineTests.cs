using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using Cpt.Contract;
using Cpt.Trainer.Ending;
using Cpt.Trainer.Workers;

namespace Cpt.Trainer.Tests;

/// <summary>Worker 0 and two others, each with its own end of a lifeline.</summary>
public sealed class LifelineTests : IDisposable
{
    private readonly Listener[] _heard = [new(), new(), new()];
    private readonly LifelineHub _hub;
    private readonly LifelineSpoke[] _others;

    public LifelineTests()
    {
        _hub = new LifelineHub(Place(0), _heard[0]);
        _others = [new LifelineSpoke(Place(1), _hub.Address, _heard[1]), new LifelineSpoke(Place(2), _hub.Address, _heard[2])];
        _hub.WaitForAll(TimeSpan.FromSeconds(30));
    }

    public void Dispose()
    {
        foreach (var other in _others)
        {
            other.Dispose();
        }

        _hub.Dispose();
    }

    [Fact]
    public async Task HowAWorkerEndsIsHowAllEnd()
    {
        _others[0].End(new StageEnding(ExitCodes.BadData, "BadImage", "image 'x' is cut"));

        await Eventually.ThatAsync(() => _heard[0].Endings.Count == 1 && _heard[2].Endings.Count == 1);
        Assert.All([0, 2], rank => Assert.Equal(new StageEnding(ExitCodes.BadData, "BadImage", "worker 1 of 3: image 'x' is cut"), _heard[rank].Endings.Single()));
        Assert.Empty(_heard[1].Endings);
    }

    [Fact]
    public async Task TheFirstWorkersEndReachesTheOthers()
    {
        _hub.End(new StageEnding(ExitCodes.StorageUnavailable, "StorageFull", "no space"));

        await Eventually.ThatAsync(() => _heard[1].Endings.Count == 1 && _heard[2].Endings.Count == 1);
        Assert.Equal(new StageEnding(ExitCodes.StorageUnavailable, "StorageFull", "no space"), _heard[1].Endings.Single());
    }

    [Fact]
    public async Task AStopIsHeardByAllAndEndsNobody()
    {
        _others[1].AskToStop();
        await Eventually.ThatAsync(() => _heard[0].Stops == 1 && _heard[1].Stops == 1);
        _hub.AskToStop();
        await Eventually.ThatAsync(() => _heard[1].Stops == 2 && _heard[2].Stops == 1);

        Assert.All(_heard, heard => Assert.Empty(heard.Endings));
    }

    [Fact]
    public async Task OneThatIsDoneIsMissedByNobody()
    {
        var done = new StageEnding(ExitCodes.Done, "Completed", "");
        _others[0].End(done);
        _others[0].Dispose();
        _others[1].AskToStop();

        await Eventually.ThatAsync(() => _heard[0].Stops == 1);
        Assert.All(_heard, heard => Assert.Empty(heard.Endings));
    }

    [Fact]
    public async Task AWorkerThatIsGoneWithoutAWordIsNamed()
    {
        // Its hello, and then nothing but a closed connection, as when the process is killed.
        using var hub = new LifelineHub(Place(0, size: 2), _heard[0]);
        using (var client = Connect(hub, token: hub.Address.Split(' ')[1]))
        {
            hub.WaitForAll(TimeSpan.FromSeconds(30));
        }

        await Eventually.ThatAsync(() => _heard[0].Endings.Count == 1);
        var ending = _heard[0].Endings.Single();
        Assert.Equal((ExitCodes.Internal, "WorkerLost"), (ending.ExitCode, ending.Reason));
        Assert.StartsWith("worker 1 of 2 (process 7 on elsewhere) is gone without a word", ending.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStrangerIsNoWorker()
    {
        using var hub = new LifelineHub(Place(0, size: 2), _heard[0]);
        using var client = Connect(hub, token: "guessed");

        Assert.Equal(0, client.GetStream().Read(new byte[1]));
        var error = Assert.Throws<StageFailureException>(() => hub.WaitForAll(TimeSpan.FromMilliseconds(1)));
        Assert.StartsWith("of 2 workers 1 did not come within", error.Message, StringComparison.Ordinal);
        Assert.Empty(_heard[0].Endings);
    }

    private static TcpClient Connect(LifelineHub hub, string token)
    {
        var client = new TcpClient("127.0.0.1", int.Parse(hub.Address.Split(' ')[0], CultureInfo.InvariantCulture));
        new LifelineConnection(client).Write(new LifelineMessage { Kind = LifelineKind.Hello, Rank = 1, Token = token, Where = "process 7 on elsewhere" });
        return client;
    }

    private static WorkerPlace Place(int rank, int size = 3) => new(rank, size, rank, size, "127.0.0.1", 1);

    private sealed class Listener : ILifelineListener
    {
        private int _stops;

        public ConcurrentQueue<StageEnding> Endings { get; } = [];

        public int Stops => Volatile.Read(ref _stops);

        public void StopAsked() => Interlocked.Increment(ref _stops);

        public void Lost(StageEnding ending) => Endings.Enqueue(ending);
    }
}

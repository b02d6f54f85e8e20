using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cpt.Contract;
using Cpt.Trainer.Ending;

namespace Cpt.Trainer.Workers;

/// <summary>One line of the conversation between worker 0 and another.</summary>
internal sealed record LifelineMessage
{
    public required LifelineKind Kind { get; init; }

    public int Rank { get; init; }

    /// <summary>Where the worker is, for messages to people.</summary>
    public string? Where { get; init; }

    /// <summary>What only a worker of this attempt can know.</summary>
    public string? Token { get; init; }

    public int ExitCode { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<LifelineKind>))]
internal enum LifelineKind
{
    /// <summary>The first line of a worker.</summary>
    Hello,

    /// <summary>Still there.</summary>
    Beat,

    /// <summary>Somebody was asked to stop.</summary>
    Stop,

    /// <summary>The sender is about to end.</summary>
    End,

    /// <summary>Worker 0 tells all: somebody has ended in this way, and so must everybody.</summary>
    AllEnd,
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(LifelineMessage))]
internal sealed partial class LifelineJson : JsonSerializerContext;

/// <summary>What a worker hears of the others.</summary>
internal interface ILifelineListener
{
    /// <summary>Another worker was asked to stop.</summary>
    void StopAsked();

    /// <summary>Another worker has ended, and nothing can go on without it.</summary>
    void Lost(StageEnding ending);
}

/// <summary>
/// One connection between worker 0 and another, open as long as both live. The kernel closes it when a process dies, however it dies, so the
/// other end knows within milliseconds; where a whole machine is gone, silence tells.
/// Collectives cannot: on a GPU they wait for ever, and between two of them a worker may compute for minutes.
/// </summary>
internal sealed class LifelineConnection : IDisposable
{
    /// <summary>Five beats: a process that is stopped or starved for less lives.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(6);

    private readonly TcpClient _client;
    private readonly StreamReader _reader;
    private readonly Lock _gate = new();

    public LifelineConnection(TcpClient client)
    {
        _client = client;
        client.NoDelay = true;
        client.ReceiveTimeout = (int)Silence.TotalMilliseconds;
        client.SendTimeout = (int)Silence.TotalMilliseconds;
        _reader = new StreamReader(client.GetStream(), new UTF8Encoding(false));
    }

    /// <returns>Null when the connection is closed, or silent for too long.</returns>
    public LifelineMessage? Read()
    {
        try
        {
            return _reader.ReadLine() is { } line ? JsonSerializer.Deserialize(line, LifelineJson.Default.LifelineMessage) : null;
        }
        catch (Exception error) when (error is IOException or JsonException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Whoever cannot be written to is found out by its reader.</summary>
    public void Write(LifelineMessage message)
    {
        var line = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(message, LifelineJson.Default.LifelineMessage) + "\n");
        lock (_gate)
        {
            try
            {
                _client.GetStream().Write(line);
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The reader of this connection ends by the same.
            }
        }
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>This worker's end of the lifelines.</summary>
internal abstract class Lifeline(WorkerPlace place, ILifelineListener listener) : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly ManualResetEventSlim _news = new();

    protected WorkerPlace Place { get; } = place;

    protected ILifelineListener Listener { get; } = listener;

    /// <summary>Nothing that is heard from now on matters.</summary>
    protected bool IsOver => _over.IsCancellationRequested;

    /// <summary>This worker was asked to stop; the others should not go on sampling for minutes before they hear of it.</summary>
    public abstract void AskToStop();

    /// <summary>Returns early when another worker's end was heard of.</summary>
    public void WaitForNews(TimeSpan limit) => _news.Wait(limit);

    /// <summary>This worker is about to end.</summary>
    public void End(StageEnding ending)
    {
        _over.Cancel();
        SayEnd(ending);
    }

    public virtual void Dispose() => _over.Cancel();

    /// <summary>Another worker has ended, and so must this one.</summary>
    protected void Tell(StageEnding ending)
    {
        _news.Set();
        Listener.Lost(ending);
    }

    protected abstract void SayEnd(StageEnding ending);

    protected abstract void SayBeat();

    protected void StartBeats() => Start("lifeline beats", () =>
    {
        while (!_over.Token.WaitHandle.WaitOne(LifelineConnection.Beat))
        {
            SayBeat();
        }
    });

    /// <summary>Threads of their own: the pool may be busy for as long as a step takes.</summary>
    protected static void Start(string name, Action body) => new Thread(() => body()) { IsBackground = true, Name = name }.Start();

    /// <summary>What the others end with.</summary>
    protected static StageEnding Passed(WorkerPlace place, LifelineMessage end) => new(
        end.ExitCode, end.Reason ?? "Internal",
        end.ExitCode == ExitCodes.Stopped || end.Rank == place.Rank ? end.Message ?? "" : Workers.Lost.Told(end.Rank, place.Size, end.Message));
}

/// <summary>Sentences on workers that are no more.</summary>
internal static class Lost
{
    public const string Reason = "WorkerLost";

    public static string Told(int rank, int size, string? message) => $"worker {rank} of {size}: {message}";

    public static StageEnding Silently(int rank, int size, string where) => new(
        ExitCodes.Internal, Reason, $"worker {rank} of {size} ({where}) is gone without a word: it was killed, or its machine is out of reach; the other workers ended with it");
}

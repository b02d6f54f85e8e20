using System.Diagnostics;
using System.Net;
using System.Text;

namespace Cpt.Operator.Tests.Faults;

/// <summary>What happens to one call.</summary>
internal enum Fault
{
    None,

    /// <summary>The process is killed in the moment before the call leaves it.</summary>
    KillBefore,

    /// <summary>The server carries the call out, and the process is killed before it reads the answer.</summary>
    KillAfter,

    /// <summary>Answered 409, and not carried out.</summary>
    Conflict,
}

/// <summary>
/// Everything between one operator process and the API server. Every call goes through it, numbered in the order in which they come. Once cut, nothing gets through any more, in either direction:
/// to the cluster the process is dead, whatever its threads still do (no lease is given back, no status written).
/// </summary>
/// <param name="judge">Called for each call with its number, from 1 on.</param>
internal sealed class Wire(Func<int, HttpRequestMessage, Fault> judge)
{
    private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<Call> _calls = [];
    private TaskCompletionSource? _stalled;
    private int _count;

    public Wire()
        : this(static (_, _) => Fault.None)
    {
    }

    /// <summary>Completes when it is cut.</summary>
    public Task Cut => _cut.Task;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Streams of watches end with an error after so long.</summary>
    public TimeSpan? WatchLife { get; init; }

    /// <summary>Those that reached the server, in order.</summary>
    public IReadOnlyList<Call> Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    public HttpMessageHandler Wrap(HttpMessageHandler inner) => new Handler(this, inner);

    /// <summary>Kills the process.</summary>
    public void Kill() => _cut.TrySetResult();

    /// <summary>Nothing gets through until <see cref="Resume"/>: a process whose machine stands still, or whose network does.</summary>
    public void Stall() => _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume() => _stalled?.TrySetResult();

    public static bool IsWrite(HttpMethod method) => method != HttpMethod.Get;

    /// <param name="Method">GET, POST, PATCH, DELETE …</param>
    /// <param name="Path">Of the URL.</param>
    /// <param name="SentAt">When it left, as <see cref="Stopwatch.GetTimestamp"/>.</param>
    public sealed record Call(HttpMethod Method, string Path, long SentAt)
    {
        public bool IsLease => Path.Contains("/leases", StringComparison.Ordinal);
    }

    private sealed class Handler(Wire wire, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await wire.PassAsync(cancellationToken);
            var fault = wire.JudgeNext(request);
            switch (fault)
            {
                case Fault.KillBefore:
                    wire.Kill();
                    await wire.PassAsync(cancellationToken);
                    break;
                case Fault.Conflict:
                    return Refusal(request);
            }

            var response = await base.SendAsync(request, cancellationToken);
            if (fault == Fault.KillAfter)
            {
                wire.Kill();
            }

            await wire.PassAsync(cancellationToken);
            if (wire.WatchLife is { } life && request.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal) && response.IsSuccessStatusCode)
            {
                response.Content = new StreamContent(new BreakingStream(await response.Content.ReadAsStreamAsync(cancellationToken), life));
            }

            return response;
        }

        private static HttpResponseMessage Refusal(HttpRequestMessage request) => new(HttpStatusCode.Conflict)
        {
            RequestMessage = request,
            Content = new StringContent(
                """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","code":409,"message":"the object has been modified; please apply your changes to the latest version and try again"}""",
                Encoding.UTF8,
                "application/json"),
        };
    }

    private Fault JudgeNext(HttpRequestMessage request)
    {
        lock (_lock)
        {
            // The call that kills is the last one: those that came in beside it are dead too.
            if (_cut.Task.IsCompleted)
            {
                return Fault.KillBefore;
            }

            var fault = judge(++_count, request);
            if (fault is Fault.None or Fault.KillAfter)
            {
                _calls.Add(new(request.Method, request.RequestUri!.AbsolutePath, Stopwatch.GetTimestamp()));
            }

            return fault;
        }
    }

    /// <summary>Returns while the process lives; for a dead one it never does, until the remains of its threads are cleared away.</summary>
    private async Task PassAsync(CancellationToken cancellation)
    {
        if (_stalled is { } stalled)
        {
            await stalled.Task.WaitAsync(cancellation);
        }

        if (_cut.Task.IsCompleted)
        {
            await Task.Delay(Timeout.Infinite, cancellation);
        }
    }
}

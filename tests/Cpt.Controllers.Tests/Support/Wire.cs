using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Cpt.Controllers.Tests;

/// <summary>What lies between one operator and the API server: it can be cut, answer itself, and hold back what watches bring.</summary>
internal sealed class Wire
{
    private readonly CancellationTokenSource _cut = new();
    private TaskCompletionSource _flow = Flowing();

    /// <summary>What came through, in order: <c>POST /api/v1/…</c>.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Answers in the server's place; null: let it through.</summary>
    public Func<HttpRequestMessage, HttpResponseMessage?>? Answer { get; set; }

    public IEnumerable<string> Writes => Calls.Where(call => !call.StartsWith("GET ", StringComparison.Ordinal));

    public Func<HttpMessageHandler, HttpMessageHandler> Wrap => inner => new Handler(this, inner);

    /// <summary>As a machine that loses its network, for good.</summary>
    public void Cut() => _cut.Cancel();

    /// <summary>Watches go on and bring nothing, until <see cref="Resume"/>.</summary>
    public void HoldWatches() => _flow = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume() => _flow.TrySetResult();

    public static HttpResponseMessage Refusal(int code, string reason, params (string Name, string Value)[] headers)
    {
        var response = new HttpResponseMessage((HttpStatusCode)code)
        {
            Content = new StringContent($$"""{"kind":"Status","apiVersion":"v1","status":"Failure","code":{{code}},"reason":"{{reason}}","message":"a test says so"}""", Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
        {
            response.Headers.TryAddWithoutValidation(name, value);
        }

        return response;
    }

    private static TaskCompletionSource Flowing()
    {
        var flowing = new TaskCompletionSource();
        flowing.SetResult();
        return flowing;
    }

    private sealed class Handler(Wire wire, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, wire._cut.Token);
            try
            {
                either.Token.ThrowIfCancellationRequested();
                if (wire.Answer?.Invoke(request) is { } answer)
                {
                    return answer;
                }

                wire.Calls.Enqueue(request.Method.Method + " " + request.RequestUri!.PathAndQuery);
                var response = await base.SendAsync(request, either.Token);
                if (request.RequestUri.Query.Contains("watch=true", StringComparison.Ordinal) && response.IsSuccessStatusCode)
                {
                    response.Content = new StreamContent(new Held(wire, await response.Content.ReadAsStreamAsync(either.Token)));
                }

                return response;
            }
            catch (OperationCanceledException exception) when (wire._cut.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new HttpRequestException(HttpRequestError.ConnectionError, "the wire is cut", exception);
            }
        }
    }

    private sealed class Held(Wire wire, Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, wire._cut.Token);
            try
            {
                var count = await inner.ReadAsync(buffer, either.Token);
                await wire._flow.Task.WaitAsync(either.Token);
                return count;
            }
            catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
            {
                throw new IOException("the wire is cut", exception);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

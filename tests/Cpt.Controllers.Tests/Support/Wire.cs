using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Cpt.Controllers.Tests;

/// <summary>What lies between one operator and the API server: it can be cut, answer itself, and hold back what watches bring.</summary>
internal sealed class Wire
{
    private readonly CancellationTokenSource _cut = new();
    private TaskCompletionSource _flow = new();
    private string? _held;

    /// <summary>What came through, in order: <c>POST /api/v1/…</c>.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Answers in the server's place; null: let it through.</summary>
    public Func<HttpRequestMessage, HttpResponseMessage?>? Answer { get; set; }

    public IEnumerable<string> Writes => Calls.Where(call => !call.StartsWith("GET ", StringComparison.Ordinal));

    public Func<HttpMessageHandler, HttpMessageHandler> Wrap => inner => new Handler(this, inner);

    /// <summary>As a machine that loses its network, for good.</summary>
    public void Cut() => _cut.Cancel();

    /// <summary>Watches of a kind go on and bring nothing, until <see cref="Resume"/>.</summary>
    /// <param name="kind">As at the end of the path: <c>configmaps</c>.</param>
    public void HoldWatches(string kind) => (_flow, _held) = (new(TaskCreationOptions.RunContinuationsAsynchronously), "/" + kind);

    public void Resume()
    {
        _held = null;
        _flow.TrySetResult();
    }

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
                    response.Content = new StreamContent(new Held(wire, request.RequestUri.AbsolutePath, await response.Content.ReadAsStreamAsync(either.Token)));
                }

                return response;
            }
            catch (OperationCanceledException exception) when (wire._cut.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new HttpRequestException(HttpRequestError.ConnectionError, "the wire is cut", exception);
            }
        }
    }

    private sealed class Held(Wire wire, string path, Stream inner) : Stream
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
                if (wire._held is { } held && path.EndsWith(held, StringComparison.Ordinal))
                {
                    await wire._flow.Task.WaitAsync(either.Token);
                }

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

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Cpt.Kubernetes;

/// <summary>One open watch: lines from the server, until it ends, breaks, or is silent for too long.</summary>
internal sealed class WatchConnection<T>(HttpResponseMessage response, JsonTypeInfo<T> type, string call, TimeSpan inactivity, TimeProvider time) : IAsyncDisposable
    where T : IKubernetesObject
{
    private readonly PooledBuffer _buffer = new(16 << 10);
    private Stream? _stream;
    private int _searched;
    private CancellationTokenSource? _silence;

    /// <summary>Why the watch ended, where it did not end in peace.</summary>
    public Exception? Broken { get; private set; }

    /// <returns>Null at the end.</returns>
    /// <exception cref="KubernetesException">The server ended the watch with an error.</exception>
    public async ValueTask<WatchEvent<T>?> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var end = _buffer.Span[_searched..].IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = _buffer.Span[..(_searched + end)].TrimEnd((byte)'\r');
                WatchEvent<T>? found = line.IsEmpty ? null : Decode(line);
                _buffer.Consume(_searched + end + 1);
                _searched = 0;
                if (found is not null)
                {
                    return found;
                }

                continue;
            }

            _searched = _buffer.Length;
            if (!await FillAsync(cancellation))
            {
                return null;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Disposing the answer of a stream that goes on resets the stream; the connection lives on.
        response.Dispose();
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
        }

        _silence?.Dispose();
        _buffer.Dispose();
    }

    private WatchEvent<T> Decode(ReadOnlySpan<byte> line)
    {
        try
        {
            return WatchDecoder.Decode(line, type, call);
        }
        catch (JsonException exception)
        {
            throw new UnreadableAnswerException(call, typeof(T), exception);
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        // One timer for the whole connection, set back before each read.
        if (_silence is null)
        {
            _silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            _stream = await response.Content.ReadAsStreamAsync(cancellation);
        }

        _silence.CancelAfter(inactivity);
        try
        {
            await using var link = cancellation.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _silence);
            var count = await _buffer.FillAsync(_stream!, _silence.Token);
            // Until the next read it is the reader who is silent, not the server.
            _silence.CancelAfter(Timeout.InfiniteTimeSpan);
            return count > 0;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Broken = new TimeoutException($"no event and no bookmark for {inactivity.TotalSeconds:0} s");
            return false;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            cancellation.ThrowIfCancellationRequested();
            Broken = exception;
            return false;
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(cancellation);
        }
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cpt.Cli.Tests.Reporting;

/// <summary>A web server of a few pages on loopback that remembers what was asked of it.</summary>
internal sealed class LoopbackPages : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _loop;

    public LoopbackPages()
    {
        _listener.Start();
        _loop = ServeAsync();
    }

    public ConcurrentDictionary<string, string> Pages { get; } = new(StringComparer.Ordinal);

    public ConcurrentBag<string> Asked { get; } = [];

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _loop;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            await using var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            // A browser opens connections ahead of need; those end without a request.
            if (await reader.ReadLineAsync() is not { } request)
            {
                return;
            }

            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
                // Headers do not matter here.
            }

            var path = request.Split(' ')[1];
            Asked.Add(path);
            var found = Pages.TryGetValue(path, out var page);
            var body = Encoding.UTF8.GetBytes(page ?? "");
            var head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {(found ? "200 OK" : "404 Not Found")}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
            await stream.WriteAsync(body);
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Cpt.Tests;

/// <summary>A reward service on a port of its own, that answers as a test says and keeps what it was asked.</summary>
internal sealed class RewardServer : IDisposable
{
    private readonly HttpListener _listener;
    private readonly Func<int, JsonObject, (int Status, string Body)?> _answer;
    private readonly Lock _lock = new();
    private readonly List<JsonObject> _requests = [];
    private readonly List<string?> _authorizations = [];

    /// <param name="answer">From the number of the request (0, 1, …) and what it holds; null: no answer at all, until the client goes.</param>
    public RewardServer(Func<int, JsonObject, (int Status, string Body)?> answer)
    {
        _answer = answer;
        (_listener, Url) = Started();
        _ = ServeAsync();
    }

    public string Url { get; }

    /// <summary>Sent with every answer.</summary>
    public string? RetryAfter { get; init; }

    public IReadOnlyList<JsonObject> Requests
    {
        get
        {
            lock (_lock)
                return [.. _requests];
        }
    }

    public IReadOnlyList<string?> Authorizations
    {
        get
        {
            lock (_lock)
                return [.. _authorizations];
        }
    }

    /// <summary>One number for each rollout, from its response.</summary>
    public static Func<int, JsonObject, (int, string)?> Judging(Func<string, string> reward) => (_, request) =>
        (200, $$"""{"rewards": [{{string.Join(", ", request["rollouts"]!.AsArray().Select(rollout => reward(rollout!["response"]!.GetValue<string>())))}}]}""");

    public void Dispose() => ((IDisposable)_listener).Dispose();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                _ = AnswerAsync(context);
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
        var request = JsonNode.Parse(await reader.ReadToEndAsync())!.AsObject();
        int number;
        lock (_lock)
        {
            number = _requests.Count;
            _requests.Add(request);
            _authorizations.Add(context.Request.Headers["Authorization"]);
        }

        if (_answer(number, request) is not var (status, body))
            return;

        context.Response.StatusCode = status;
        if (RetryAfter is not null)
            context.Response.AddHeader("Retry-After", RetryAfter);
        context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: false);
    }

    /// <summary>Somebody else may take the free port between asking for it and listening there.</summary>
    private static (HttpListener Listener, string Url) Started()
    {
        for (var attempt = 0; ; attempt++)
        {
            using var free = new TcpListener(IPAddress.Loopback, 0);
            free.Start();
            var url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
            free.Stop();
            var listener = new HttpListener();
            listener.Prefixes.Add(url);
            try
            {
                listener.Start();
                return (listener, url + "judge");
            }
            catch (HttpListenerException) when (attempt < 10)
            {
                listener.Close();
            }
        }
    }
}

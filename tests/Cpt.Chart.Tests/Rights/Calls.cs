using System.Collections.Concurrent;
using System.Net;

namespace Cpt.Chart.Tests.Rights;

/// <summary>What an operator asked of the API server, and what it was not allowed.</summary>
internal sealed class Calls
{
    private readonly ConcurrentQueue<(Right Right, HttpStatusCode Answer)> _calls = [];

    public IEnumerable<Right> Refused => _calls.Where(call => call.Answer == HttpStatusCode.Forbidden).Select(call => call.Right);

    public int CountOf(Right right) => _calls.Count(call => call.Right == right);

    public HttpMessageHandler Recording(HttpMessageHandler inner) => new Recorder(this, inner);

    private sealed class Recorder(Calls calls, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (Right.Of(request) is { } right)
            {
                calls._calls.Enqueue((right, response.StatusCode));
            }

            return response;
        }
    }
}

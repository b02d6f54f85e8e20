using System.Collections.Concurrent;

namespace Cpt.StandIn;

/// <summary>How often the stand-in called the API server, so that whoever measures something else can take its part away.</summary>
public sealed class CallCounts
{
    private readonly ConcurrentDictionary<string, long> _byCall = new(StringComparer.Ordinal);

    /// <summary>Everything but watches.</summary>
    public long Total => _byCall.Where(call => !call.Key.StartsWith("watch", StringComparison.Ordinal)).Sum(call => call.Value);

    public long Writes => _byCall.Where(call => !call.Key.StartsWith("watch", StringComparison.Ordinal) && !call.Key.StartsWith("get", StringComparison.Ordinal)).Sum(call => call.Value);

    /// <summary>By method and resource: <c>post pods</c>, <c>patch jobs/status</c>.</summary>
    public IReadOnlyDictionary<string, long> ByCall => new SortedDictionary<string, long>(_byCall, StringComparer.Ordinal);

    internal HttpMessageHandler Counting(HttpMessageHandler inner) => new Handler(this, inner);

    private static string NameOf(HttpRequestMessage request)
    {
        var uri = request.RequestUri!;
        var parts = uri.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        // api/v1/… or apis/group/version/…, then maybe namespaces/NAME, then resource[/NAME[/subresource]].
        var at = parts.Length > 0 && parts[0] == "api" ? 2 : 3;
        if (parts.Length > at + 2 && parts[at] == "namespaces")
        {
            at += 2;
        }

        var resource = parts.Length > at ? parts[at] : uri.AbsolutePath;
        var subresource = parts.Length > at + 2 ? "/" + parts[at + 2] : "";
        var verb = uri.Query.Contains("watch=true", StringComparison.Ordinal) ? "watch" : request.Method.Method.ToLowerInvariant();
        return $"{verb} {resource}{subresource}";
    }

    private sealed class Handler(CallCounts counts, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            counts._byCall.AddOrUpdate(NameOf(request), 1, static (_, before) => before + 1);
            return base.SendAsync(request, cancellationToken);
        }
    }
}

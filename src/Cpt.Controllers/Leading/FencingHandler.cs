namespace Cpt.Controllers;

/// <summary>
/// Stands before the connections and lets writes pass while the fence is open. It is asked for every attempt of a call, so that a retry after a long pause does not slip
/// through; and what is on its way when the lease is lost is broken off.
/// </summary>
internal sealed class FencingHandler(WriteFence fence, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (IsHarmless(request))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        if (!fence.IsOpen)
        {
            throw new WriteFencedException(request.Method.Method + " " + request.RequestUri!.AbsolutePath);
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, fence.Term);
        return await base.SendAsync(request, either.Token);
    }

    /// <summary>Reads; dry runs, which store nothing; questions put as a POST; and events, which tell what happened and decide nothing.</summary>
    private static bool IsHarmless(HttpRequestMessage request)
    {
        if (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head || request.Method == HttpMethod.Options)
        {
            return true;
        }

        var address = request.RequestUri!;
        return address.Query.Contains("dryRun=All", StringComparison.Ordinal)
            || address.AbsolutePath.Contains("/apis/events.k8s.io/", StringComparison.Ordinal)
            || address.AbsolutePath.Contains("/apis/authorization.k8s.io/", StringComparison.Ordinal)
            || address.AbsolutePath.Contains("/apis/authentication.k8s.io/", StringComparison.Ordinal);
    }
}

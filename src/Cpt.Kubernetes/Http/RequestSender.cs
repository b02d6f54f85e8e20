using System.Net;
using System.Text.Json;

namespace Cpt.Kubernetes;

/// <summary>Makes calls: with credentials, within their time, again where that is sound, and with the server's words when it refuses.</summary>
internal sealed class RequestSender(ClusterConfig cluster, KubernetesClientOptions options) : IDisposable
{
    private readonly Transport _transport = new(cluster, options);
    private readonly string _host = cluster.Server.Authority;

    public void Dispose() => _transport.Dispose();

    /// <summary>A call whose answer is read whole, within the time for one attempt; one that breaks off half-way counts as failed.</summary>
    public Task<TResult> CallAsync<TResult>(ApiRequest request, Func<Stream, CancellationToken, ValueTask<TResult>> read, CancellationToken cancellation) =>
        RetryAsync(
            request,
            async attempt =>
            {
                using var response = await AttemptAsync(request, attempt);
                await using var body = await response.Content.ReadAsStreamAsync(attempt);
                try
                {
                    return await read(body, attempt);
                }
                catch (JsonException exception)
                {
                    throw new UnreadableAnswerException(Name(request), typeof(TResult), exception);
                }
            },
            cancellation);

    /// <summary>A call whose answer goes on: the caller reads and disposes it.</summary>
    public Task<HttpResponseMessage> OpenAsync(ApiRequest request, CancellationToken cancellation) =>
        RetryAsync(request, attempt => AttemptAsync(request, attempt), cancellation);

    private async Task<TResult> RetryAsync<TResult>(ApiRequest request, Func<CancellationToken, Task<TResult>> make, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            KubernetesException failed;
            Failure failure;
            using (var timeout = new CancellationTokenSource(options.RequestTimeout, options.Time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token))
            {
                try
                {
                    return await make(either.Token);
                }
                catch (KubernetesException exception)
                {
                    (failed, failure) = (exception, new(exception.Code, exception.RetryAfter, null));
                }
                catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
                {
                    var late = new TimeoutException($"no answer within {options.RequestTimeout.TotalSeconds:0.#} s");
                    (failed, failure) = (new ApiUnreachableException(Name(request), late), new(null, null, late));
                }
                catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested && exception.InnerException is TimeoutException)
                {
                    // No connection was made in its time, which .NET tells as if somebody had cancelled the call.
                    (failed, failure) = (new ApiUnreachableException(Name(request), exception.InnerException), new(null, null, exception.InnerException));
                }
                catch (Exception exception) when (exception is HttpRequestException or IOException)
                {
                    (failed, failure) = (new ApiUnreachableException(Name(request), exception), new(null, null, exception));
                }
            }

            if (options.Retry.DelayAfter(failure, request, attempt) is not { } delay)
            {
                throw failed;
            }

            ClientMetrics.Retried(request, failure.Code is { } code ? (int)code : 0, _host);
            options.OnRetry?.Invoke(Name(request), failed, delay);
            await Task.Delay(delay, options.Time, cancellation);
        }
    }

    private async Task<HttpResponseMessage> AttemptAsync(ApiRequest request, CancellationToken cancellation)
    {
        for (var refused = false; ; refused = true)
        {
            var credential = await cluster.Credentials.GetAsync(cancellation);
            var response = await TimedAsync(request, credential, cancellation);
            if (response.IsSuccessStatusCode)
            {
                Warn(response);
                return response;
            }

            using (response)
            {
                // A token that was replaced while it was in use: the new one gets one chance, whatever the verb, for the server has done nothing.
                if (response.StatusCode == HttpStatusCode.Unauthorized && !refused && cluster.Credentials.Refused(credential))
                {
                    continue;
                }

                Warn(response);
                throw await Refusals.ReadAsync(Name(request), response, options.Time, cancellation);
            }
        }
    }

    private async Task<HttpResponseMessage> TimedAsync(ApiRequest request, Credential credential, CancellationToken cancellation)
    {
        var started = options.Time.GetTimestamp();
        var code = 0;
        try
        {
            var response = await _transport.SendAsync(request, credential, cancellation);
            code = (int)response.StatusCode;
            return response;
        }
        finally
        {
            ClientMetrics.Answered(request, code, _host, options.Time.GetElapsedTime(started));
        }
    }

    private void Warn(HttpResponseMessage response)
    {
        if (options.OnWarning is { } warn && response.Headers.TryGetValues("Warning", out var warnings))
        {
            foreach (var warning in warnings)
            {
                warn(Refusals.TextOfWarning(warning));
            }
        }
    }

    private static string Name(ApiRequest request) => request.Method.Method + " " + request.Path;
}

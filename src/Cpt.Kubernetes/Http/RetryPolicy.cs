using System.Net;

namespace Cpt.Kubernetes;

/// <summary>
/// When a call that failed is made again, and after how long. Pauses double from <see cref="FirstDelay"/> to <see cref="MaxDelay"/>; each is a random part of that, so
/// that many clients do not come back at once.
/// </summary>
public sealed record RetryPolicy
{
    /// <summary>One attempt and no retry: for those who retry themselves.</summary>
    public static RetryPolicy None { get; } = new() { MaxAttempts = 1 };

    /// <summary>The first attempt counts.</summary>
    public int MaxAttempts { get; init; } = 8;

    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A server that asks for a longer pause than this is not waited for.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>In [0, 1); for tests.</summary>
    public Func<double> Random { get; init; } = System.Random.Shared.NextDouble;

    /// <summary>Between half and the whole of the doubled delay.</summary>
    /// <param name="attempt">1 after the first attempt.</param>
    internal TimeSpan DelayAfter(int attempt)
    {
        var full = Math.Min(FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 30)), MaxDelay.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(full * (0.5 + (0.5 * Random())));
    }

    /// <summary>How long to wait before the call is made again; null: not at all.</summary>
    internal TimeSpan? DelayAfter(Failure failure, ApiRequest request, int attempt)
    {
        if (attempt >= MaxAttempts)
        {
            return null;
        }

        // Too many requests, or no connection at all: the server has done nothing, so that even a create may be sent again.
        var mayRepeat = request.IsIdempotent || failure.Code == HttpStatusCode.TooManyRequests || failure.NothingWasSent;
        if (!mayRepeat || !failure.IsTransient)
        {
            return null;
        }

        var delay = DelayAfter(attempt);
        if (failure.RetryAfter is not { } asked)
        {
            return delay;
        }

        // On top of what the server asks for: all it turned away would come back in the same instant.
        return asked > MaxRetryAfter ? null : asked + delay;
    }
}

/// <summary>How an attempt failed: with an answer, or with <see cref="Exception"/> on the way.</summary>
internal readonly record struct Failure(HttpStatusCode? Code, TimeSpan? RetryAfter, Exception? Exception)
{
    public bool NothingWasSent => Exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError };

    public bool IsTransient => Code switch
    {
        HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
            or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => true,
        not null => false,
        // A certificate that does not fit will not fit next time either; a handshake that was cut off may.
        null => Exception is not HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: not IOException },
    };
}

using System.Net;
using System.Text;
using System.Text.Json;

namespace Cpt.Kubernetes;

/// <summary>What the server says when it does not do what was asked.</summary>
internal static class Refusals
{
    // A proxy's error page is cut here; a Status is never longer.
    private const int MaxBytes = 1 << 20;

    public static async Task<KubernetesException> ReadAsync(string call, HttpResponseMessage response, TimeProvider time, CancellationToken cancellation)
    {
        using var buffer = new PooledBuffer(4096);
        await using (var body = await response.Content.ReadAsStreamAsync(cancellation))
        {
            while (buffer.Length < MaxBytes && await buffer.FillAsync(body, cancellation) > 0)
            {
            }
        }

        var status = Parse(buffer.Span, response);
        if (response.StatusCode == HttpStatusCode.Gone)
        {
            return new ResourceExpiredException(call, status);
        }

        return new KubernetesException(call, status, RetryAfter(response, status, time));
    }

    public static KubernetesException Of(string call, Status status) =>
        status.Code == (int)HttpStatusCode.Gone || status.Reason is StatusReason.Expired or StatusReason.Gone
            ? new ResourceExpiredException(call, status)
            : new KubernetesException(call, status, status.Details?.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null);

    /// <summary><c>299 - "text"</c> to text.</summary>
    public static string TextOfWarning(string warning)
    {
        var (start, end) = (warning.IndexOf('"', StringComparison.Ordinal), warning.LastIndexOf('"'));
        return start >= 0 && end > start ? warning[(start + 1)..end].Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal) : warning;
    }

    private static Status Parse(ReadOnlySpan<byte> body, HttpResponseMessage response)
    {
        Status? status = null;
        if (response.Content.Headers.ContentType?.MediaType == "application/json")
        {
            try
            {
                status = JsonSerializer.Deserialize(body, KubernetesJson.Default.Status);
            }
            catch (JsonException)
            {
                // Cut short, or not the server's own: shown as text below.
            }
        }

        // The API server answers some refusals, and anything in front of it all of them, in plain text.
        status ??= new() { Message = Encoding.UTF8.GetString(body[..Math.Min(body.Length, 1000)]).Trim() };
        return status.Code == 0 ? status with { Code = (int)response.StatusCode } : status;
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, Status status, TimeProvider time) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => TimeSpan.FromTicks(Math.Max(0, (date - time.GetUtcNow()).Ticks)),
        _ => status.Details?.RetryAfterSeconds is > 0 and { } seconds ? TimeSpan.FromSeconds(seconds) : null,
    };
}

using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Cpt.Kubernetes;

/// <summary>The instruments of calls to the API server, under client-go's names, so that existing dashboards show them.</summary>
public static class ClientMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Cpt.Kubernetes";

    private static readonly Meter s_meter = new(MeterName);

    private static readonly Counter<long> s_requests = s_meter.CreateCounter<long>(
        "rest_client_requests_total", description: "Number of HTTP requests, partitioned by status code, method, and host.");

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram(
        "rest_client_request_duration_seconds", unit: "s", description: "Request latency in seconds, by verb and host; of a watch, until it is opened.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60] });

    private static readonly Counter<long> s_retries = s_meter.CreateCounter<long>(
        "rest_client_request_retries_total", description: "Number of request retries, partitioned by status code, verb, and host.");

    /// <param name="request">What was called.</param>
    /// <param name="code">0: no answer came.</param>
    /// <param name="host">The server.</param>
    /// <param name="elapsed">Of this attempt.</param>
    internal static void Answered(ApiRequest request, int code, string host, TimeSpan elapsed)
    {
        if (s_requests.Enabled)
        {
            s_requests.Add(1, new TagList { { "code", CodeText(code) }, { "method", request.Method.Method }, { "host", host } });
        }

        if (s_duration.Enabled)
        {
            s_duration.Record(elapsed.TotalSeconds, new TagList { { "verb", request.Verb }, { "host", host } });
        }
    }

    internal static void Retried(ApiRequest request, int code, string host)
    {
        if (s_retries.Enabled)
        {
            s_retries.Add(1, new TagList { { "code", CodeText(code) }, { "verb", request.Verb }, { "host", host } });
        }
    }

    private static string CodeText(int code) => code == 0 ? "<error>" : code.ToString(CultureInfo.InvariantCulture);
}

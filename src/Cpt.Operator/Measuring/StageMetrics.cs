using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Cpt.Api;
using Cpt.Operator.Hosting;
using Cpt.Planning;

namespace Cpt.Operator.Measuring;

/// <summary>What happened to stages, counted when it was told. Labels are words of a bounded set: what a trainer calls its failure is taken only while few words are known.</summary>
internal sealed class StageMetrics : IDisposable
{
    public const string MeterName = "Cpt.Operator";

    private const int MostReasons = 50;
    private const int LongestReason = 40;

    private static readonly InstrumentAdvice<double> s_long = new() { HistogramBucketBoundaries = [10, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 259200] };
    private static readonly InstrumentAdvice<double> s_short = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] };

    private readonly ConcurrentDictionary<string, bool> _reasons = new(StringComparer.Ordinal);
    private readonly Histogram<double> _durations;
    private readonly Histogram<double> _handoffs;
    private readonly Counter<long> _retries;
    private readonly Counter<double> _gpuSeconds;
    private long _preemptions;
    private long _reused;

    /// <param name="name">Of the meter; several operators in one process need several.</param>
    public StageMetrics(string name)
    {
        Meter = new Meter(name);
        _durations = Meter.CreateHistogram("cpt_stage_duration_seconds", "s", "From the first attempt of a stage to its end.", advice: s_long);
        _handoffs = Meter.CreateHistogram("cpt_stage_handoff_seconds", "s", "From the end of a Job to the next one accepted by the API server.", advice: s_short);
        _retries = Meter.CreateCounter<long>("cpt_stage_retries_total", null, "Attempts that failed and were followed by another.");
        _gpuSeconds = Meter.CreateCounter<double>("cpt_gpu_seconds_total", "s", "Time that trainers ran, times the GPUs in their limits, by the namespace of the run.");
        // Observed, so that they are there from the start: of a counter that appears with its first event, Prometheus misses that event.
        Meter.CreateObservableCounter("cpt_stage_preemptions_total", () => Interlocked.Read(ref _preemptions), null, "Attempts that were taken away.");
        Meter.CreateObservableCounter("cpt_stage_reused_total", () => Interlocked.Read(ref _reused), null, "Stages that were not trained, because the same had been trained before.");
        Meter.CreateObservableGauge("cpt_operator_build_info", BuildInfo, null, "1; the version of the operator, which every process of it shows, whether it leads or not.");
    }

    public Meter Meter { get; }

    public void Dispose() => Meter.Dispose();

    public void Handoff(TimeSpan time) => _handoffs.Record(time.TotalSeconds);

    public void Finished(StageStatus stage)
    {
        if (stage is { StartedAt: { } began, FinishedAt: { } ended } && ended >= began)
        {
            _durations.Record((ended - began).TotalSeconds, new("method", stage.Method.ToString()), new("result", stage.State.ToString()));
        }
    }

    public void Ended(string? @namespace, int gpus, ObservedJob job)
    {
        if (gpus > 0 && job is { StartedAt: { } began, FinishedAt: { } ended } && ended > began)
        {
            _gpuSeconds.Add(gpus * (ended - began).TotalSeconds, new KeyValuePair<string, object?>("namespace", @namespace));
        }
    }

    public void Retried(string? reason, int times) => _retries.Add(times, new KeyValuePair<string, object?>("reason", Bounded(reason)));

    public void Preempted(int times) => Interlocked.Add(ref _preemptions, times);

    public void Reused() => Interlocked.Increment(ref _reused);

    private static Measurement<int> BuildInfo() => new(
        1, new("version", OperatorProcess.Version), new("runtime", Environment.Version.ToString()));

    private string Bounded(string? reason)
    {
        if (reason is not { Length: > 0 and <= LongestReason } || !reason.All(char.IsAsciiLetterOrDigit))
        {
            return "Other";
        }

        return _reasons.ContainsKey(reason) || (_reasons.Count < MostReasons && _reasons.TryAdd(reason, true)) || _reasons.ContainsKey(reason) ? reason : "Other";
    }
}

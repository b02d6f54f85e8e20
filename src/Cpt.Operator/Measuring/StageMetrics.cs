using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Cpt.Api;
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
    private readonly Counter<long> _preemptions;
    private readonly Counter<long> _reused;
    private readonly Counter<double> _gpuSeconds;

    /// <param name="name">Of the meter; several operators in one process need several.</param>
    public StageMetrics(string name)
    {
        Meter = new Meter(name);
        _durations = Meter.CreateHistogram("cpt_stage_duration_seconds", "s", "From the first attempt of a stage to its end.", advice: s_long);
        _handoffs = Meter.CreateHistogram("cpt_stage_handoff_seconds", "s", "From the end of a Job to the next one accepted by the API server.", advice: s_short);
        _retries = Meter.CreateCounter<long>("cpt_stage_retries_total", null, "Attempts that failed and were followed by another.");
        _preemptions = Meter.CreateCounter<long>("cpt_stage_preemptions_total", null, "Attempts that were taken away.");
        _reused = Meter.CreateCounter<long>("cpt_stage_reused_total", null, "Stages that were not trained, because the same had been trained before.");
        _gpuSeconds = Meter.CreateCounter<double>("cpt_gpu_seconds_total", "s", "Time that trainers ran, times the GPUs in their limits.");
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

    public void Ended(int gpus, ObservedJob job)
    {
        if (gpus > 0 && job is { StartedAt: { } began, FinishedAt: { } ended } && ended > began)
        {
            _gpuSeconds.Add(gpus * (ended - began).TotalSeconds);
        }
    }

    public void Retried(string? reason, int times) => _retries.Add(times, new KeyValuePair<string, object?>("reason", Bounded(reason)));

    public void Preempted(int times) => _preemptions.Add(times);

    public void Reused() => _reused.Add(1);

    private string Bounded(string? reason)
    {
        if (reason is not { Length: > 0 and <= LongestReason } || !reason.All(char.IsAsciiLetterOrDigit))
        {
            return "Other";
        }

        return _reasons.ContainsKey(reason) || (_reasons.Count < MostReasons && _reasons.TryAdd(reason, true)) || _reasons.ContainsKey(reason) ? reason : "Other";
    }
}

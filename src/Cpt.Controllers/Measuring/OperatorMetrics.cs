using System.Diagnostics.Metrics;
using Cpt.Kubernetes;
using Cpt.Metrics;

namespace Cpt.Controllers;

/// <summary>
/// The engine's instruments, under controller-runtime's and client-go's names, so that existing dashboards and alerts work; and the page that shows them, with those of the
/// API client and of the operator's own meters.
/// </summary>
internal sealed class OperatorMetrics : IDisposable
{
    public const string MeterName = "Cpt.Controllers";

    // As controller-runtime has them.
    private static readonly double[] s_reconcileBuckets =
    [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10,
        15, 20, 25, 30, 40, 50, 60,
    ];

    private static readonly double[] s_queueBuckets = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];

    private readonly Meter _meter = new(MeterName);
    private readonly PrometheusExposition _page;
    private readonly List<(WorkQueue Queue, KeyValuePair<string, object?>[] Tags)> _queues = [];

    public OperatorMetrics(OperatorSettings settings)
    {
        _page = new(meter => ReferenceEquals(meter, _meter) || meter.Name == ClientMetrics.MeterName || settings.Meters.Contains(meter.Name));

        Reconciles = Counter("controller_runtime_reconcile_total", "Total number of reconciliations per controller.");
        Errors = Counter("controller_runtime_reconcile_errors_total", "Total number of reconciliation errors per controller.");
        TerminalErrors = Counter("controller_runtime_terminal_reconcile_errors_total", "Total number of terminal reconciliation errors per controller.");
        Panics = Counter("controller_runtime_reconcile_panics_total", "Total number of reconciliations per controller that ended with an exception.");
        ReconcileTime = Histogram("controller_runtime_reconcile_time_seconds", "Length of time per reconciliation per controller.", s_reconcileBuckets);
        ActiveWorkers = _meter.CreateUpDownCounter<long>("controller_runtime_active_workers", description: "Number of currently used workers per controller.");
        MaxConcurrentReconciles = _meter.CreateGauge<long>("controller_runtime_max_concurrent_reconciles", description: "Maximum number of concurrent reconciles per controller.");

        Adds = Counter("workqueue_adds_total", "Total number of adds handled by workqueue.");
        Retries = Counter("workqueue_retries_total", "Total number of retries handled by workqueue.");
        QueueDuration = Histogram("workqueue_queue_duration_seconds", "How long in seconds an item stays in workqueue before being requested.", s_queueBuckets);
        WorkDuration = Histogram("workqueue_work_duration_seconds", "How long in seconds processing an item from workqueue takes.", s_queueBuckets);
        ObserveQueues("workqueue_depth", "Current depth of workqueue.", queue => queue.Depth);
        ObserveQueues(
            "workqueue_unfinished_work_seconds",
            "How many seconds of work has been done that is in progress and hasn't been observed by work_duration. Large values indicate stuck workers.",
            queue => queue.Working().Sum.TotalSeconds);
        ObserveQueues(
            "workqueue_longest_running_processor_seconds", "How many seconds has the longest running processor for workqueue been running.", queue => queue.Working().Longest.TotalSeconds);

        Leads = _meter.CreateGauge<int>(
            "leader_election_master_status", description: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.");
        ProcessInstruments.AddTo(_meter);
        EventsDropped = Counter("cpt_controllers_events_dropped_total", "Events that were not written, by why.");
        Relists = Counter("cpt_controllers_relists_total", "Lists of a kind after its first one: the watch had lost its place.");
    }

    public Counter<long> Reconciles { get; }

    public Counter<long> Errors { get; }

    public Counter<long> TerminalErrors { get; }

    public Counter<long> Panics { get; }

    public Histogram<double> ReconcileTime { get; }

    public UpDownCounter<long> ActiveWorkers { get; }

    public Gauge<long> MaxConcurrentReconciles { get; }

    public Counter<long> Adds { get; }

    public Counter<long> Retries { get; }

    public Histogram<double> QueueDuration { get; }

    public Histogram<double> WorkDuration { get; }

    public Gauge<int> Leads { get; }

    public Counter<long> EventsDropped { get; }

    public Counter<long> Relists { get; }

    public string Render() => _page.Render();

    public void Observe(WorkQueue queue, params KeyValuePair<string, object?>[] tags)
    {
        lock (_queues)
        {
            _queues.Add((queue, tags));
        }
    }

    public void Dispose()
    {
        _page.Dispose();
        _meter.Dispose();
    }

    private Counter<long> Counter(string name, string help) => _meter.CreateCounter<long>(name, description: help);

    private Histogram<double> Histogram(string name, string help, double[] buckets) =>
        _meter.CreateHistogram(name, unit: null, help, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });

    private void ObserveQueues(string name, string help, Func<WorkQueue, double> value) => _meter.CreateObservableGauge(
        name,
        () =>
        {
            lock (_queues)
            {
                return _queues.ConvertAll(known => new Measurement<double>(value(known.Queue), known.Tags));
            }
        },
        description: help);
}

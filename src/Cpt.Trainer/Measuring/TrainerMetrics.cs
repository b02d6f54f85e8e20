using System.Diagnostics.Metrics;
using Cpt.Metrics;
using Cpt.Torch;
using Cpt.Trainer.Reporting;

namespace Cpt.Trainer.Measuring;

/// <summary>The trainer's instruments, under the names that dashboards use.</summary>
internal sealed class TrainerMetrics : IDisposable
{
    public const string MeterName = "Cpt.Trainer";

    private readonly Meter _meter = new(MeterName);

    public TrainerMetrics(StageReporter reporter)
    {
        void Gauge(string name, string help, Func<double?> value) =>
            _meter.CreateObservableGauge(name, () => value() is { } known ? [new Measurement<double>(known)] : Array.Empty<Measurement<double>>(), description: help);

        Gauge("cpt_train_step", "Steps done.", () => reporter.Progress.Step);
        Gauge("cpt_train_steps", "Steps due.", () => reporter.Progress.Steps);
        Gauge("cpt_train_checkpoint_step", "Newest committed step.", () => reporter.Progress.CheckpointStep);
        Gauge("cpt_train_loss", "Loss of the newest step.", () => reporter.Progress.Loss);
        Gauge("cpt_train_grad_norm", "Global L2 norm of the newest gradient, before clipping.", () => reporter.Progress.GradientNorm);
        Gauge("cpt_train_learning_rate", "Learning rate of the newest step.", () => reporter.Progress.LearningRate);
        Gauge("cpt_rft_reward_mean", "Mean reward of the newest rollout batch.", () => reporter.Progress.Reward);
        Gauge("cpt_rft_reward_std", "Standard deviation of the rewards of the newest rollout batch.", () => reporter.Progress.RewardStd);
        Gauge("cpt_rft_kl_to_base", "Estimated KL divergence from the reference model, in nats a token.", () => reporter.Progress.Kl);
        Gauge("cpt_rft_response_tokens", "Mean length of the newest responses.", () => reporter.Progress.ResponseTokens);
        Gauge("cpt_train_remaining_seconds", "Estimated time to the last step, without the evaluation after it.", () => reporter.Progress.SecondsLeft);
        _meter.CreateObservableGauge("cpt_train_phase", () => new Measurement<int>(1, new KeyValuePair<string, object?>("phase", reporter.Progress.Phase.ToString())), description: "1; what the trainer does now.");
        _meter.CreateObservableCounter("cpt_train_tokens_total", () => reporter.Progress.Tokens, description: "Tokens trained on since the stage began.");
        Gauge("cpt_train_device_memory_bytes", "Device memory in tensors.", () => ComputeDevice.Memory()?.Allocated);
        Gauge("cpt_train_device_memory_peak_bytes", "Device memory in tensors at most, since the process began.", () => ComputeDevice.Memory()?.PeakAllocated);
        ProcessInstruments.AddTo(_meter);
        FilteredInstances = _meter.CreateGauge<double>("cpt_rft_filtered_instances", description: "Prompts of the newest rollout batch that taught nothing and were left out.");
        Gauge("cpt_stage_sampled_instances", "Train samples that the input model has answered before the first step.", () => reporter.Progress.Sampled);
        Gauge("cpt_stage_instances", "Train samples that the input model answers before the first step.", () => reporter.Progress.ToSample);
        KeptRatio = _meter.CreateGauge<double>("cpt_stage_instances_kept_ratio", description: "Share of the train samples that an instance filter or self-distillation learns from.");
        DroppedInstances = _meter.CreateGauge<double>("cpt_stage_instances_dropped", description: "Train samples that an instance filter or self-distillation leaves out.");
        StepSeconds = _meter.CreateHistogram("cpt_train_step_seconds", unit: null, "Time of a step, rollouts included.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800] });
        CheckpointIntervalSteps = _meter.CreateGauge<double>("cpt_checkpoint_interval_steps", description: "Steps between two checkpoints; 0: only when stopped and at the end.");
        CheckpointTime = _meter.CreateGauge<double>(
            "cpt_checkpoint_last_commit_timestamp_seconds", description: "When the newest checkpoint was committed by this attempt, in seconds since unix epoch; before its first, when its steps began.");
        CheckpointBytes = _meter.CreateGauge<double>("cpt_checkpoint_bytes", description: "Size of the newest checkpoint.");
        CheckpointCommitSeconds = _meter.CreateHistogram("cpt_checkpoint_commit_seconds", unit: null, "Time to write, upload and commit a checkpoint.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] });
    }

    public Meter Meter => _meter;

    public Gauge<double> FilteredInstances { get; }

    public Gauge<double> KeptRatio { get; }

    public Gauge<double> DroppedInstances { get; }

    public Histogram<double> StepSeconds { get; }

    public Gauge<double> CheckpointIntervalSteps { get; }

    public Gauge<double> CheckpointTime { get; }

    public Gauge<double> CheckpointBytes { get; }

    public Histogram<double> CheckpointCommitSeconds { get; }

    public void Dispose() => _meter.Dispose();
}

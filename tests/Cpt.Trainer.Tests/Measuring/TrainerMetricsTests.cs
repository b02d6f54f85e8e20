using Cpt.Contract;
using Cpt.Metrics;
using Cpt.Trainer.Measuring;
using Cpt.Trainer.Reporting;

namespace Cpt.Trainer.Tests;

public sealed class TrainerMetricsTests
{
    [Fact]
    public async Task TheTrainersPagePassesPromtool()
    {
        var reporter = new StageReporter(new RecordingSink(), TimeProvider.System, A.Progress() with
        {
            Loss = 1, Reward = 2, RewardStd = 3, Kl = 4, ResponseTokens = 5, GradientNorm = 6, LearningRate = 1e-6, Tokens = 8, SecondsLeft = 9, Phase = TrainerPhase.Training,
        });
        using var metrics = new TrainerMetrics(reporter);
        using var exposition = new PrometheusExposition(metrics.Meter, new KeyValuePair<string, string>("run", "demo"));
        metrics.FilteredInstances.Record(3);
        metrics.StepSeconds.Record(0.5);
        metrics.CheckpointIntervalSteps.Record(200);
        metrics.CheckpointTime.Record(1.7e9);
        metrics.CheckpointBytes.Record(1e9);
        metrics.CheckpointCommitSeconds.Record(2.5);
        var page = exposition.Render();
        string[] names =
        [
            "cpt_train_step", "cpt_train_steps", "cpt_train_loss", "cpt_train_tokens_total", "cpt_train_grad_norm", "cpt_train_learning_rate", "cpt_rft_reward_mean",
            "cpt_rft_reward_std", "cpt_rft_kl_to_base", "cpt_rft_response_tokens", "cpt_rft_filtered_instances", "cpt_checkpoint_bytes", "cpt_checkpoint_commit_seconds",
            "cpt_train_remaining_seconds", "cpt_train_phase", "cpt_train_step_seconds", "cpt_checkpoint_interval_steps", "cpt_checkpoint_last_commit_timestamp_seconds",
        ];
        Assert.All(names, name => Assert.Contains($"# TYPE {name} ", page, StringComparison.Ordinal));
        Assert.Contains("cpt_train_phase{run=\"demo\",phase=\"Training\"} 1\n", page, StringComparison.Ordinal);
        Assert.Equal("", await Promtool.CheckAsync(page));
    }
}

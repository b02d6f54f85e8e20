using System.Diagnostics.Metrics;
using Cpt.Contract;
using Cpt.Trainer.Measuring;
using Cpt.Trainer.Reporting;

namespace Cpt.Trainer.Tests;

public sealed class PrometheusExpositionTests : IDisposable
{
    private readonly Meter _meter = new("test." + Guid.NewGuid().ToString("N"));

    public void Dispose() => _meter.Dispose();

    [Fact]
    public void ACounterAddsUpBySeries()
    {
        using var exposition = new PrometheusExposition(_meter);
        var counter = _meter.CreateCounter<long>("things_total", description: "Things.");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(1, new KeyValuePair<string, object?>("kind", "b"));
        Assert.Equal("# HELP things_total Things.\n# TYPE things_total counter\nthings_total{kind=\"a\"} 5\nthings_total{kind=\"b\"} 1\n", exposition.Render());
    }

    [Fact]
    public void ACounterWhoseNameDoesNotEndInTotalIsRefused()
    {
        using var exposition = new PrometheusExposition(_meter);
        Assert.Contains("things: a counter's name must end in _total", Assert.ThrowsAny<Exception>(() => _meter.CreateCounter<long>("things")).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AGaugeShowsItsNewestValueAndAnUpDownCounterItsSum()
    {
        using var exposition = new PrometheusExposition(_meter);
        var gauge = _meter.CreateGauge<double>("level", description: "Level.");
        gauge.Record(1);
        gauge.Record(0.5);
        var inFlight = _meter.CreateUpDownCounter<int>("in_flight", description: "In flight.");
        inFlight.Add(2);
        inFlight.Add(-1);
        var page = exposition.Render();
        Assert.Contains("# TYPE level gauge\nlevel 0.5\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE in_flight gauge\nin_flight 1\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public void AnObservableCounterShowsItsTotalHoweverOftenItIsRead()
    {
        using var exposition = new PrometheusExposition(_meter);
        _meter.CreateObservableCounter("read_total", () => 7L, description: "Read.");
        exposition.Render();
        Assert.Contains("read_total 7\n", exposition.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void AHistogramsBucketsAreCumulativeAndEndWithInfinity()
    {
        using var exposition = new PrometheusExposition(_meter);
        var histogram = _meter.CreateHistogram("took_seconds", null, "Took.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5] });
        foreach (var value in new[] { 0.5, 1, 3, 9 })
        {
            histogram.Record(value);
        }

        Assert.Equal("""
            # HELP took_seconds Took.
            # TYPE took_seconds histogram
            took_seconds_bucket{le="1"} 2
            took_seconds_bucket{le="5"} 3
            took_seconds_bucket{le="+Inf"} 4
            took_seconds_sum 13.5
            took_seconds_count 4

            """, exposition.Render());
    }

    [Fact]
    public void LabelsAndHelpAreEscaped()
    {
        using var exposition = new PrometheusExposition(_meter, new KeyValuePair<string, string>("run", "a\"b\\c\nd"));
        _meter.CreateGauge<double>("level", description: "One\\two\nthree \"four\".").Record(1);
        Assert.Equal("# HELP level One\\\\two\\nthree \"four\".\n# TYPE level gauge\nlevel{run=\"a\\\"b\\\\c\\nd\"} 1\n", exposition.Render());
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(1e-7, "1E-07")]
    public void NumbersAreWrittenAsTheFormatAsks(double value, string expected)
    {
        using var exposition = new PrometheusExposition(_meter);
        _meter.CreateGauge<double>("level", description: "Level.").Record(value);
        Assert.EndsWith($"level {expected}\n", exposition.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void OtherMetersStayOutside()
    {
        using var other = new Meter("other");
        using var exposition = new PrometheusExposition(_meter);
        other.CreateGauge<double>("level").Record(1);
        Assert.Equal("", exposition.Render());
    }

    [Fact]
    public async Task TheTrainersPagePassesPromtool()
    {
        var reporter = new StageReporter(new RecordingSink(), TimeProvider.System, A.Progress() with
        {
            Loss = 1, Reward = 2, RewardStd = 3, Kl = 4, ResponseTokens = 5, GradientNorm = 6, LearningRate = 1e-6, Tokens = 8, Phase = TrainerPhase.Training,
        });
        using var metrics = new TrainerMetrics(reporter);
        using var exposition = new PrometheusExposition(metrics.Meter, new KeyValuePair<string, string>("run", "demo"));
        metrics.FilteredInstances.Record(3);
        metrics.CheckpointBytes.Record(1e9);
        metrics.CheckpointCommitSeconds.Record(2.5);
        var page = exposition.Render();
        string[] names =
        [
            "cpt_train_step", "cpt_train_steps", "cpt_train_loss", "cpt_train_tokens_total", "cpt_train_grad_norm", "cpt_train_learning_rate", "cpt_rft_reward_mean",
            "cpt_rft_reward_std", "cpt_rft_kl_to_base", "cpt_rft_response_tokens", "cpt_rft_filtered_instances", "cpt_checkpoint_bytes", "cpt_checkpoint_commit_seconds",
        ];
        Assert.All(names, name => Assert.Contains($"# TYPE {name} ", page, StringComparison.Ordinal));
        Assert.Equal("", await Promtool.CheckAsync(page));
    }
}

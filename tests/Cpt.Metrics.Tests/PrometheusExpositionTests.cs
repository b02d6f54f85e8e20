using System.Diagnostics.Metrics;

namespace Cpt.Metrics.Tests;

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
    public void MetersAreChosenByNameToo()
    {
        using var other = new Meter(_meter.Name + ".other");
        using var exposition = new PrometheusExposition(meter => meter.Name.StartsWith(_meter.Name, StringComparison.Ordinal));
        other.CreateGauge<double>("level", description: "Level.").Record(1);
        _meter.CreateGauge<double>("height", description: "Height.").Record(2);
        Assert.Equal("# HELP height Height.\n# TYPE height gauge\nheight 2\n# HELP level Level.\n# TYPE level gauge\nlevel 1\n", exposition.Render());
    }

    [Fact]
    public void ASeriesThatIsNoLongerReportedDisappears()
    {
        string[] runs = ["a", "b"];
        using var exposition = new PrometheusExposition(_meter);
        _meter.CreateObservableGauge("accuracy", () => runs.Select(run => new Measurement<double>(0.5, new KeyValuePair<string, object?>("run", run))), description: "Accuracy.");
        Assert.Contains("accuracy{run=\"a\"} 0.5\naccuracy{run=\"b\"} 0.5\n", exposition.Render(), StringComparison.Ordinal);
        runs = ["b"];
        Assert.EndsWith("gauge\naccuracy{run=\"b\"} 0.5\n", exposition.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void TagsThatReadTheSameAreOneSeries()
    {
        using var exposition = new PrometheusExposition(_meter);
        var counter = _meter.CreateCounter<long>("things_total", description: "Things.");
        counter.Add(1, new KeyValuePair<string, object?>("code", 200));
        counter.Add(1, new KeyValuePair<string, object?>("code", "200"));
        Assert.EndsWith("counter\nthings_total{code=\"200\"} 2\n", exposition.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void AMeasurementOfAKnownSeriesAllocatesNothing()
    {
        using var exposition = new PrometheusExposition(_meter);
        var histogram = _meter.CreateHistogram<double>("took_seconds", description: "Took.");
        var (verb, host) = (new KeyValuePair<string, object?>("verb", "get"), new KeyValuePair<string, object?>("host", "a"));
        for (var i = 0; i < 1000; i++)
        {
            histogram.Record(i, verb, host);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            histogram.Record(i, verb, host);
        }

        // A closure a measurement would be 24 bytes or more; what a JIT that optimizes in the middle of it allocates is less.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000 * 8);
    }

    [Fact]
    public async Task MeasurementsFromManyThreadsAddUp()
    {
        using var exposition = new PrometheusExposition(_meter);
        var counter = _meter.CreateCounter<long>("things_total", description: "Things.");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                counter.Add(1, new KeyValuePair<string, object?>("kind", i % 3));
                if (i % 100 == thread)
                {
                    exposition.Render();
                }
            }
        })));
        Assert.EndsWith("things_total{kind=\"0\"} 2672\nthings_total{kind=\"1\"} 2664\nthings_total{kind=\"2\"} 2664\n", exposition.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryKindOfInstrumentPassesPromtool()
    {
        using var exposition = new PrometheusExposition(_meter, new KeyValuePair<string, string>("run", "a \"b\""));
        _meter.CreateCounter<long>("things_total", description: "Things.").Add(1);
        _meter.CreateObservableCounter("read_total", () => 7L, description: "Read.");
        _meter.CreateGauge<double>("level", description: "Level.").Record(double.NaN);
        _meter.CreateUpDownCounter<int>("in_flight", description: "In flight.").Add(2);
        _meter.CreateHistogram<double>("took_seconds", description: "Took.").Record(3);
        Assert.Equal("", await Promtool.CheckAsync(exposition.Render()));
    }
}

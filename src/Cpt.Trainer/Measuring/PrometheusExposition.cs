using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Cpt.Trainer.Measuring;

/// <summary>
/// Prometheus text exposition (format 0.0.4) of System.Diagnostics.Metrics instruments. An instrument's name is the metric's name;
/// counters must end in <c>_total</c>, as the format's conventions ask. Labels given at construction stand on every series.
/// </summary>
internal sealed class PrometheusExposition : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly double[] s_defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly KeyValuePair<string, string>[] _labels;

    /// <param name="meter">Its instruments are exposed, those made later too.</param>
    /// <param name="labels">Constant labels.</param>
    public PrometheusExposition(Meter meter, params KeyValuePair<string, string>[] labels)
    {
        _labels = labels;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Observe(state, value, tags));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, state) => Observe(state, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Observe(state, value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Observe(state, value, tags));
        _listener.Start();
    }

    /// <summary>The page, ordered by name, with the observable instruments asked now.</summary>
    public string Render()
    {
        _listener.RecordObservableInstruments();
        var page = new StringBuilder();
        lock (_gate)
        {
            foreach (var family in _families.Values.Where(family => family.Series.Count > 0))
            {
                family.Render(page);
            }
        }

        return page.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private Family FamilyOf(Instrument instrument)
    {
        var kind = KindOf(instrument);
        if (kind == MetricKind.Counter && !instrument.Name.EndsWith("_total", StringComparison.Ordinal))
        {
            throw new ArgumentException($"{instrument.Name}: a counter's name must end in _total");
        }

        lock (_gate)
        {
            var buckets = kind == MetricKind.Histogram
                ? (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray() ?? s_defaultBuckets
                : [];
            return _families[instrument.Name] = new Family(instrument.Name, instrument.Description ?? "", kind, instrument.IsObservable, buckets);
        }
    }

    private void Observe(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = LabelText(tags);
        lock (_gate)
        {
            ((Family)state!).Observe(labels, value);
        }
    }

    private string LabelText(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var parts = new List<string>(_labels.Length + tags.Length);
        parts.AddRange(_labels.Select(label => Label(label.Key, label.Value)));
        foreach (var (name, value) in tags)
        {
            parts.Add(Label(name, Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
        }

        return string.Join(',', parts);
    }

    private static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    private static MetricKind KindOf(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        return type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : type == typeof(Histogram<>) ? MetricKind.Histogram
            : type == typeof(UpDownCounter<>) ? MetricKind.UpDown
            : MetricKind.Gauge;
    }

    private enum MetricKind
    {
        Counter,
        Gauge,

        /// <summary>Shown as a gauge, fed with differences.</summary>
        UpDown,
        Histogram,
    }

    private sealed class Family(string name, string help, MetricKind kind, bool observable, double[] buckets)
    {
        public SortedDictionary<string, Values> Series { get; } = new(StringComparer.Ordinal);

        public void Observe(string labels, double value)
        {
            if (!Series.TryGetValue(labels, out var values))
            {
                Series[labels] = values = new Values(new long[buckets.Length + 1]);
            }

            // Observable counters report their total; the others what was added.
            values.Sum = observable || kind == MetricKind.Gauge ? value : values.Sum + value;
            if (kind == MetricKind.Histogram)
            {
                var bucket = Array.FindIndex(buckets, bound => value <= bound);
                values.Buckets[bucket < 0 ? buckets.Length : bucket]++;
            }
        }

        public void Render(StringBuilder page)
        {
            var type = kind switch { MetricKind.Counter => "counter", MetricKind.Histogram => "histogram", _ => "gauge" };
            page.Append("# HELP ").Append(name).Append(' ')
                .Append(help.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
            page.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
            foreach (var (labels, values) in Series)
            {
                if (kind == MetricKind.Histogram)
                {
                    RenderHistogram(page, labels, values);
                }
                else
                {
                    Line(page, name, labels, values.Sum);
                }
            }
        }

        private void RenderHistogram(StringBuilder page, string labels, Values values)
        {
            var separator = labels.Length == 0 ? "" : ",";
            long cumulated = 0;
            for (var i = 0; i <= buckets.Length; i++)
            {
                cumulated += values.Buckets[i];
                var bound = i == buckets.Length ? "+Inf" : Number(buckets[i]);
                Line(page, name + "_bucket", $"{labels}{separator}le=\"{bound}\"", cumulated);
            }

            Line(page, name + "_sum", labels, values.Sum);
            Line(page, name + "_count", labels, cumulated);
        }

        private static void Line(StringBuilder page, string series, string labels, double value)
        {
            page.Append(series);
            if (labels.Length > 0)
            {
                page.Append('{').Append(labels).Append('}');
            }

            page.Append(' ').Append(Number(value)).Append('\n');
        }

        private static string Number(double value) => value switch
        {
            double.PositiveInfinity => "+Inf",
            double.NegativeInfinity => "-Inf",
            _ => value.ToString("R", CultureInfo.InvariantCulture),
        };
    }

    private sealed class Values(long[] buckets)
    {
        public double Sum { get; set; }

        public long[] Buckets { get; } = buckets;
    }
}

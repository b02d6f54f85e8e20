using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Cpt.Metrics;

/// <summary>One metric with its series. A measurement of a series that is known allocates nothing.</summary>
internal sealed class MetricFamily
{
    private static readonly double[] s_defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Lock _gate = new();
    private readonly string _name;
    private readonly string _help;
    private readonly string _labels;
    private readonly MetricKind _kind;
    private readonly double[] _buckets;
    private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Known> _known = [];

    /// <exception cref="ArgumentException">A counter is not named as one.</exception>
    public MetricFamily(Instrument instrument, string labels)
    {
        _kind = KindOf(instrument);
        if (_kind == MetricKind.Counter && !instrument.Name.EndsWith("_total", StringComparison.Ordinal))
        {
            throw new ArgumentException($"{instrument.Name}: a counter's name must end in _total");
        }

        (_name, _help, _labels) = (instrument.Name, instrument.Description ?? "", labels);
        IsObservable = instrument.IsObservable;
        _buckets = _kind == MetricKind.Histogram ? (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray() ?? s_defaultBuckets : [];
    }

    private enum MetricKind
    {
        Counter,
        Gauge,

        /// <summary>Shown as a gauge, fed with differences.</summary>
        UpDown,
        Histogram,
    }

    public bool IsObservable { get; }

    public void Clear()
    {
        lock (_gate)
        {
            _series.Clear();
            _known.Clear();
        }
    }

    public void Observe(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_gate)
        {
            var series = Find(tags);
            // Observable counters report their total; the others what was added.
            series.Sum = IsObservable || _kind == MetricKind.Gauge ? value : series.Sum + value;
            if (_kind == MetricKind.Histogram)
            {
                series.Buckets[BucketOf(value)]++;
            }
        }
    }

    public void Render(StringBuilder page)
    {
        lock (_gate)
        {
            if (_series.Count == 0)
            {
                return;
            }

            var type = _kind switch { MetricKind.Counter => "counter", MetricKind.Histogram => "histogram", _ => "gauge" };
            page.Append("# HELP ").Append(_name).Append(' ')
                .Append(_help.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
            page.Append("# TYPE ").Append(_name).Append(' ').Append(type).Append('\n');
            foreach (var (labels, series) in _series)
            {
                if (_kind == MetricKind.Histogram)
                {
                    RenderHistogram(page, labels, series);
                }
                else
                {
                    Line(page, _name, labels, series.Sum);
                }
            }
        }
    }

    public static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    /// <summary>By the tags as they are; those seen for the first time are written out, and then told apart by their text, as on the page.</summary>
    private Series Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = new HashCode();
        foreach (var (name, value) in tags)
        {
            hash.Add(name);
            hash.Add(value);
        }

        var code = hash.ToHashCode();
        var first = _known.GetValueOrDefault(code);
        for (var known = first; known is not null; known = known.Next)
        {
            if (Same(known.Tags, tags))
            {
                return known.Series;
            }
        }

        var text = LabelText(tags);
        if (!_series.TryGetValue(text, out var series))
        {
            _series[text] = series = new(_kind == MetricKind.Histogram ? new long[_buckets.Length + 1] : []);
        }

        _known[code] = new(tags.ToArray(), series, first);
        return series;
    }

    private static bool Same(KeyValuePair<string, object?>[] known, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (known.Length != tags.Length)
        {
            return false;
        }

        for (var i = 0; i < known.Length; i++)
        {
            if (known[i].Key != tags[i].Key || !Equals(known[i].Value, tags[i].Value))
            {
                return false;
            }
        }

        return true;
    }

    private int BucketOf(double value)
    {
        var bucket = 0;
        while (bucket < _buckets.Length && !(value <= _buckets[bucket]))
        {
            bucket++;
        }

        return bucket;
    }

    private string LabelText(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder(_labels);
        foreach (var (name, value) in tags)
        {
            text.Append(text.Length == 0 ? "" : ",").Append(Label(name, Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
        }

        return text.ToString();
    }

    private void RenderHistogram(StringBuilder page, string labels, Series series)
    {
        var separator = labels.Length == 0 ? "" : ",";
        long cumulated = 0;
        for (var i = 0; i <= _buckets.Length; i++)
        {
            cumulated += series.Buckets[i];
            var bound = i == _buckets.Length ? "+Inf" : PrometheusExposition.Number(_buckets[i]);
            Line(page, _name + "_bucket", $"{labels}{separator}le=\"{bound}\"", cumulated);
        }

        Line(page, _name + "_sum", labels, series.Sum);
        Line(page, _name + "_count", labels, cumulated);
    }

    private static void Line(StringBuilder page, string series, string labels, double value)
    {
        page.Append(series);
        if (labels.Length > 0)
        {
            page.Append('{').Append(labels).Append('}');
        }

        page.Append(' ').Append(PrometheusExposition.Number(value)).Append('\n');
    }

    private static MetricKind KindOf(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        return type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : type == typeof(Histogram<>) ? MetricKind.Histogram
            : type == typeof(UpDownCounter<>) ? MetricKind.UpDown
            : MetricKind.Gauge;
    }

    private sealed class Series(long[] buckets)
    {
        public double Sum { get; set; }

        public long[] Buckets { get; } = buckets;
    }

    private sealed record Known(KeyValuePair<string, object?>[] Tags, Series Series, Known? Next);
}

using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Cpt.Metrics;

/// <summary>
/// Prometheus text exposition (format 0.0.4) of System.Diagnostics.Metrics instruments. An instrument's name is the metric's name;
/// counters must end in <c>_total</c>, as the format's conventions ask. Labels given at construction stand on every series.
/// </summary>
public sealed class PrometheusExposition : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Lock _page = new();
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly string _labels;

    /// <param name="meter">Its instruments are exposed, those made later too.</param>
    /// <param name="labels">Constant labels.</param>
    public PrometheusExposition(Meter meter, params KeyValuePair<string, string>[] labels)
        : this(other => ReferenceEquals(other, meter), labels)
    {
    }

    /// <param name="shown">Whose instruments are exposed, those of meters made later too.</param>
    /// <param name="labels">Constant labels.</param>
    public PrometheusExposition(Func<Meter, bool> shown, params KeyValuePair<string, string>[] labels)
    {
        _labels = string.Join(',', labels.Select(label => MetricFamily.Label(label.Key, label.Value)));
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (shown(instrument.Meter))
            {
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
            }
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((MetricFamily)state!).Observe(value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => ((MetricFamily)state!).Observe(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((MetricFamily)state!).Observe(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((MetricFamily)state!).Observe(value, tags));
        _listener.Start();
    }

    /// <summary>The page, ordered by name, with the observable instruments asked now.</summary>
    public string Render()
    {
        var page = new StringBuilder();
        lock (_page)
        {
            var families = Families();
            foreach (var family in families.Where(family => family.IsObservable))
            {
                // What an observable instrument no longer reports is gone: a finished run's gauge must not stand still for ever.
                family.Clear();
            }

            _listener.RecordObservableInstruments();
            foreach (var family in families)
            {
                family.Render(page);
            }
        }

        return page.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private MetricFamily[] Families()
    {
        lock (_gate)
        {
            return [.. _families.Values];
        }
    }

    private MetricFamily FamilyOf(Instrument instrument)
    {
        var family = new MetricFamily(instrument, _labels);
        lock (_gate)
        {
            return _families[instrument.Name] = family;
        }
    }

    internal static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
